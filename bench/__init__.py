"""Benchmarks: ours beside a yardstick, alternated in one run, as ratios."""
