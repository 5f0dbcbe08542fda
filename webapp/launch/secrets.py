"""The secrets of a checkout: made once by the launcher, kept in the var folder, read by every command."""

from __future__ import annotations

import os
import secrets

from webapp.launch.trouble import Trouble
from webapp.settings import PREFIX, SECRETS_FILE, Settings

MADE = ("secret_key", "phone_key", "phone_pepper")


def make_secrets(settings: Settings) -> None:
    """Write var/secret.env for its owner's eyes only, unless it is there or every secret comes from elsewhere."""
    path = settings.var_dir / SECRETS_FILE
    try:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        if path.exists():
            return
        lines = [f"{PREFIX}{name.upper()}={secrets.token_urlsafe(32)}" for name in MADE]
        # Complete under another name first: a start that is cut short leaves no half of a secret.
        half = path.with_suffix(".new")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("# Made by `up`. Whoever loses this loses the phone numbers in the database.\n")
            file.write("\n".join(lines) + "\n")
        half.rename(path)
    except OSError as fault:
        raise Trouble(
            f"The folder {settings.var_dir} cannot be written ({fault.strerror}); "
            f"make it writable or name another in {PREFIX}VAR_DIR."
        ) from fault
