"""Members' appeals to moderators after a refusal: the buttons and their texts."""
