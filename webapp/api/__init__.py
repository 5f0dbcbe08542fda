"""The API v1 for phones, partners and tests: the same commands and services as the pages, as JSON."""
