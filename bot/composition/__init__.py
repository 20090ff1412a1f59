"""The composition root's parts: what all processes have, what a gateway adds, what a worker adds."""
