"""What is said of a request that somebody stopped."""

from collections.abc import Mapping
from typing import LiteralString

from bot.i18n import N_

# By whether the member did it, and whether the request had been sent; None: it was being sent.
CANCELLED_STATES: Mapping[tuple[bool, bool | None], LiteralString] = {
    (True, False): N_("You **cancelled** it before it was sent."),
    (True, True): N_("You **cancelled** it while it was being made."),
    (True, None): N_("You **cancelled** it while it was being sent."),
    (False, False): N_("A moderator **cancelled** it before it was sent."),
    (False, True): N_("A moderator **cancelled** it while it was being made."),
    (False, None): N_("A moderator **cancelled** it while it was being sent."),
}
REMOVED_STATE = N_("**Cancelled** because I was removed from this server.")
CANCELLATIONS: Mapping[tuple[bool, bool | None], LiteralString] = {
    (True, False): N_("{member} You cancelled your video before it was sent."),
    (True, True): N_("{member} You cancelled your video while it was being made."),
    (True, None): N_("{member} You cancelled your video while it was being sent."),
    (False, False): N_("{member} A moderator cancelled your video before it was sent."),
    (False, True): N_("{member} A moderator cancelled your video while it was being made."),
    (False, None): N_("{member} A moderator cancelled your video while it was being sent."),
}
