"""The /film command, its offer, and the card of a film."""
