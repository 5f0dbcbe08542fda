"""Members: register, sign in, profile, consent, devices, roles and leaving."""
