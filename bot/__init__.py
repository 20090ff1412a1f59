"""Everything of veo-bot that is not a Discord surface."""
