"""Requests that moderators look at before anything is spent: the buttons and what they say."""
