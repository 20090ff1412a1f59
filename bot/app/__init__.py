"""The composition root: puts the parts of a process together, for its role, and runs them."""
