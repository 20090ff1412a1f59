"""Moderation: moderators' decisions, and what they are told."""
