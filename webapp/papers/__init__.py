"""Papers 文书: certificates, posters, tables and lists as files; no tables of its own, open to every room."""
