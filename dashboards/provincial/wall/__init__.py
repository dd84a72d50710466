"""The wallboard: one snapshot a second, whoever looks."""
