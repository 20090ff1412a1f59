"""Files: videos and images, what is in them, making them fit, and bounds on the programs that do it."""
