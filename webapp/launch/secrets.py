"""The secrets of a checkout: made once by the launcher, kept in the var folder, read by every command."""

from __future__ import annotations

import os
import secrets

from webapp.launch.trouble import Trouble
from webapp.settings import PREFIX, SECRETS_FILE, Settings

HEADING = "# Made by `up`. Whoever loses this loses the phone numbers and the tracks in the database."
MADE = ("secret_key", "track_key", "phone_key", "phone_pepper")


def make_secrets(settings: Settings) -> None:
    """Write var/secret.env for its owner's eyes only; one that is there gets the secrets that are new since."""
    path = settings.var_dir / SECRETS_FILE
    try:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        known = path.read_text("utf-8").splitlines() if path.exists() else [HEADING]
        missing = [name for name in MADE if not any(line.startswith(f"{PREFIX}{name.upper()}=") for line in known)]
        if not missing:
            return
        lines = known + [f"{PREFIX}{name.upper()}={secrets.token_urlsafe(32)}" for name in missing]
        # Complete under another name first: a start that is cut short leaves no half of a secret.
        half = path.with_suffix(".new")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        half.rename(path)
    except OSError as fault:
        raise Trouble(
            f"The folder {settings.var_dir} cannot be written ({fault.strerror}); "
            f"make it writable or name another in {PREFIX}VAR_DIR."
        ) from fault
