"""The Discord client: connecting, the command tree, and what answers an interaction's errors."""
