"""What is said of a request that somebody stopped."""

from collections.abc import Mapping
from typing import LiteralString

from bot.language import N_

# By whether the member did it, and whether the request had been sent; None: it was being sent.
CANCELLED_STATES: Mapping[tuple[bool, bool | None], LiteralString] = {
    (True, False): N_("**Cancelled** by you before it was sent."),
    (True, True): N_("**Cancelled** by you while it was being made."),
    (True, None): N_("**Cancelled** by you while it was being sent."),
    (False, False): N_("**Cancelled** by a moderator before it was sent."),
    (False, True): N_("**Cancelled** by a moderator while it was being made."),
    (False, None): N_("**Cancelled** by a moderator while it was being sent."),
}
REMOVED_STATE = N_("**Cancelled** because I was removed from this server.")
CANCELLATIONS: Mapping[tuple[bool, bool | None], LiteralString] = {
    (True, False): N_("{member} Your video was cancelled by you before it was sent."),
    (True, True): N_("{member} Your video was cancelled by you while it was being made."),
    (True, None): N_("{member} Your video was cancelled by you while it was being sent."),
    (False, False): N_("{member} Your video was cancelled by a moderator before it was sent."),
    (False, True): N_("{member} Your video was cancelled by a moderator while it was being made."),
    (False, None): N_("{member} Your video was cancelled by a moderator while it was being sent."),
}
