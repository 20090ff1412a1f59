"""The jobs: a generation's way from its row to its result, by queue, runner and steps."""
