"""Unit reports 单元图表: a unit's year in charts and files; sums only, never one person's acts."""
