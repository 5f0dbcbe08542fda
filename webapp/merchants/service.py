"""The use case of the counter: hand over what a typed code stands for, with patience for typing."""

from webapp.rewards.service import Receipt, fulfil_typed, wrong_codes_left

__all__ = ["Receipt", "fulfil_typed", "wrong_codes_left"]
