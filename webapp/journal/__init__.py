"""The journal: what staff, unit administrators and merchants changed, in the same transaction as the change."""
