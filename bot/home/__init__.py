"""The moderators' overview of their server."""
