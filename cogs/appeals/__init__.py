"""What members ask moderators after a refusal: the buttons and what they say."""
