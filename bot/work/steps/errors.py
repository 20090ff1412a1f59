"""How a step ends when it does not end in the next state."""

from datetime import timedelta


class StepPostponedError(Exception):
    """The step cannot be done now for a reason that is expected to pass."""

    def __init__(self, reason: str, wait: timedelta) -> None:
        """`wait`: how long to leave it alone."""
        super().__init__(reason)
        self.wait = wait


class StoppingError(Exception):
    """The program is stopping; the row says where to go on."""
