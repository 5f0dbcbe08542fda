"""Jobs of activities: thumbnails of photos."""

from __future__ import annotations

from webapp.activities.uploads import make_thumbnail

HANDLERS = {"photo.thumbnail": make_thumbnail}
