"""Static files under names that carry their hash, packed once at start and served to be kept for ever."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from pathlib import Path
from typing import Any

from flask import Flask
from whitenoise import WhiteNoise

SOURCE = Path(__file__).resolve().parents[2] / "static"
PACKED = frozenset({".css", ".js", ".svg", ".json", ".webmanifest", ".txt"})
HASHED = re.compile(r"\.[0-9a-f]{10}\.[a-z0-9]+$")


class Assets:
    """Copies `static/` to a folder of hashed names and remembers which name is which."""

    def __init__(self, target: Path, source: Path = SOURCE) -> None:
        self.target = target
        self.names: dict[str, str] = {}
        for path in sorted(source.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                self._add(path, path.relative_to(source).as_posix())

    def _add(self, path: Path, name: str) -> None:
        body = path.read_bytes()
        digest = hashlib.sha256(body).hexdigest()[:10]
        stem, dot, ending = name.rpartition(".")
        hashed = f"{stem}.{digest}{dot}{ending}" if dot else name
        self.names[name] = hashed
        _write(self.target / hashed, body)
        if path.suffix in PACKED:
            _write(self.target / f"{hashed}.gz", gzip.compress(body, 9, mtime=0))
            if packed := _brotli(body):
                _write(self.target / f"{hashed}.br", packed)

    def url(self, name: str) -> str:
        """The address of a static file; an unknown name is our mistake and says so."""
        return f"/static/{self.names[name]}"


def _brotli(body: bytes) -> bytes | None:
    try:
        import brotli  # type: ignore[import-not-found]  # optional: smaller files when installed
    except ImportError:
        return None
    return bytes(brotli.compress(body))


def _write(path: Path, body: bytes) -> None:
    """Write once, whole: two processes may start together."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(body)
    part.replace(path)


def _immutable(path: str, url: str) -> bool:
    return HASHED.search(url) is not None


def _harden(headers: Any, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'"


def install(app: Flask, target: Path) -> None:
    """Give templates `asset(name)` and put the files in front of the application."""
    assets = Assets(target)
    app.extensions["assets"] = assets
    app.jinja_env.globals["asset"] = assets.url
    served: Any = WhiteNoise(
        app.wsgi_app,
        allow_all_origins=False,
        immutable_file_test=_immutable,
        add_headers_function=_harden,
    )
    for hashed in assets.names.values():
        served.add_file_to_dictionary(f"/static/{hashed}", str(target / hashed))
    app.wsgi_app = served  # type: ignore[method-assign]
