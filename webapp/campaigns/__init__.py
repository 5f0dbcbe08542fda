"""活动 Campaigns: dated programmes with tasks, a multiplier on points and a bonus budget."""
