"""Files: videos and pictures, what is in them, and making them fit."""
