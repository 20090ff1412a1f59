"""Members' reports of videos: the buttons and what they say."""
