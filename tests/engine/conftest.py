"""How property tests run: no time limit per case on a busy machine, nothing kept on disk."""

from hypothesis import settings

settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")
