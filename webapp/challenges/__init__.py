"""Company challenges 企业挑战: set up by a unit's administrator, joined by its people, rewarded from a prepaid fund."""
