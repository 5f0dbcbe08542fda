"""Home: the first page, the welcome for visitors, statements, progress and how everything is worked out."""
