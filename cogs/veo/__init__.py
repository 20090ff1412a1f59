"""The /veo command: its options, the quote before anything is spent, and the message menus."""
