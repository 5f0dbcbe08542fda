"""权益 Rewards: merchants, the catalogue with its stock, redemptions and their fulfilment."""
