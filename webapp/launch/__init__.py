"""The launchers: set-up, the commands of `python3 -m webapp`, and the supervisor of `up`."""
