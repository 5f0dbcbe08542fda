"""Feeds: acts that partners record (rides, meals, bills), imported from their files with their own keys."""
