"""A member's finished videos: history, deletion, posting again."""
