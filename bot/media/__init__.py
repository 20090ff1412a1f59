"""Files: videos and pictures, what is in them, making them fit, and bounds on the programs that do it."""
