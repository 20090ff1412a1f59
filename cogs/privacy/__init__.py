"""The /privacy commands: members get their data, or delete it."""
