"""What was changed after a decision: a newer decision is not overwritten unseen."""

from bot.moderation.decided import fingerprint
from bot.moderation.snapshots import Snapshot


def test_a_fingerprint_differs_with_what_is_told() -> None:
    told: list[Snapshot] = [None, {}, {"day": 1}, {"day": None}, {"week": 1}]
    assert len({fingerprint(state) for state in told}) == len(told)
    assert fingerprint({"day": 1, "week": 2}) == fingerprint({"week": 2, "day": 1})
    assert len({fingerprint({"day": 1}, later) for later in (None, 7, 8)}) == 3
