"""Films: several shots that are asked for together, and joined to one video at the end."""
