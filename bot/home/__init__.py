"""What moderators see at a glance."""
