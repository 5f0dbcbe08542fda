"""Looking again: samples, risk signals, appeals, and the public figures about them."""
