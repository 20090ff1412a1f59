"""The /videos command, and the buttons under videos."""
