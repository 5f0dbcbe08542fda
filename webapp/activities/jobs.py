"""Jobs of activities: thumbnails of photos, and removing the files of who left."""

from __future__ import annotations

from webapp.activities.uploads import make_thumbnail, remove_files

HANDLERS = {"photo.thumbnail": make_thumbnail, "photo.remove": remove_files}
