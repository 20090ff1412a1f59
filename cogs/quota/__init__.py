"""The /quota commands: limits, grants, budgets and usage, for moderators."""
