"""What members see: options, cards, delivery."""
