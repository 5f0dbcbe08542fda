"""Rankings 榜单: standings of members and green units by period, live and then published for good."""
