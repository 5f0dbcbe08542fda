"""Places 地点: plates and screens whose codes prove that somebody was there."""
