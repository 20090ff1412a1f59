"""What members do with their finished videos."""
