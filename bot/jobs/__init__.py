"""How a generation is carried from its row to its result: queue, runner, steps."""
