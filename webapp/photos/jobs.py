"""Jobs of photos: thumbnails of earlier releases' photos, and removing the files of those that are gone."""

from __future__ import annotations

from webapp.photos.service import make_thumbnail, remove_files

HANDLERS = {"photo.thumbnail": make_thumbnail, "photo.remove": remove_files}
