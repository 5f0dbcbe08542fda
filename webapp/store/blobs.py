"""Where files live: a port with two calls, kept in a local folder under names made from their content."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit


class Blobs(Protocol):
    """Files by name; a name is made by us, never by a member."""

    def put(self, name: str, data: bytes) -> None: ...
    def get(self, name: str) -> bytes | None: ...
    def delete(self, name: str) -> None: ...


class FolderBlobs:
    """Files in a folder, spread over 256 sub-folders, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, data: bytes) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)

    def get(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not name.replace(".", "").replace("-", "").isalnum() or name.startswith("."):
            raise ValueError("not a name of ours")
        return self.folder / name[:2] / name


def open_blobs(url: str) -> Blobs:
    """The blob store behind `url`; only file:///folder exists so far."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ValueError("PUHUI_BLOB_URL: only file:///folder is supported by this release")
    return FolderBlobs(Path(parts.path))
