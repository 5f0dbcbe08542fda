"""Trouble that the operator can mend: one plain sentence, no traceback."""


class Trouble(Exception):
    """The message says what is wrong and the way out."""
