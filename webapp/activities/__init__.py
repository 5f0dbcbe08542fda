"""Activities 行为记录: logging acts, their photos, their verdicts and their undoing."""
