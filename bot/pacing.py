"""When to do a thing again. Pure."""

MAX_POLL_DELAY = 60.0  # seconds
FIRST_RETRY_DELAY = 5.0  # seconds
MAX_RETRY_DELAY = 600.0  # seconds


def poll_delay(interval: float, errors: int) -> float:
    """Return the seconds until the next question, after `errors` unanswered ones in a row."""
    return min(interval * 2 ** min(errors, 10), max(MAX_POLL_DELAY, interval))


def retry_delay(attempts: int) -> float:
    """Return the seconds to wait after the step has failed `attempts` times before."""
    return min(FIRST_RETRY_DELAY * 2 ** min(attempts, 10), MAX_RETRY_DELAY)
