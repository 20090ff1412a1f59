"""What is allowed: the rules that are asked before a video is accepted, and what they read."""
