"""The /usage command: what members may still request."""
