"""Pledges 公约: promises to sign, in editions; a signature is no evidence of an act and earns nothing."""
