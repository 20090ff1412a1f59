"""Interactions of any shape: whatever cannot be read is left aside, and the program goes on."""

import gc
from typing import Any

from hypothesis import strategies as st

from tests.e2e.raw import COMMAND, COMPONENT, FORM, TYPING
from tests.fuzz.answers import changed
from tests.fuzz.crime import STRANGERS, Crime
from tests.fuzz.forms import filled_in, menu_of, open_form
from tests.fuzz.sent import nested, odd_values
from tests.fuzz.tally import fuzz


def everything_sent(crime: Crime) -> list[tuple[int, Any]]:
    """Return the data of an interaction of each sort, as Discord sends it."""
    form = open_form(crime, "remix")
    known = [{"name": "models", "type": 3, "value": "Ve", "focused": True}]
    settings = (("veo-admin", 1), ("settings", 1))
    button = {"component_type": 2, "custom_id": f"veo1:remix:{crime.targets['video']}"}
    return [
        (COMMAND, nested((("usage", 1),), [])),
        (COMMAND, nested(settings, known)),
        (COMMAND, menu_of(crime, "Make a video of this", content="a dragon")),
        (TYPING, nested(settings, known)),
        (COMPONENT, button),
        (FORM, {"custom_id": form["custom_id"], "components": filled_in(form), "resolved": {}}),
    ]


def test_an_interaction_of_any_shape_is_answered_or_left_aside(crime: Crime) -> None:
    bob, seen = crime.people[STRANGERS[0]], set[bool]()

    def send(case: tuple[tuple[int, Any], Any]) -> None:
        (kind, _), data = case
        before = crime.protected(STRANGERS[0])
        sent = crime.stage.play(crime.stage.dispatch(bob, kind, data))
        try:
            crime.check(sent)
        finally:
            crime.stage.log.forget()  # not before: what is logged late is found by the next case
        assert crime.protected(STRANGERS[0]) == before
        seen.add(any(request["path"].endswith("/callback") for request in sent))

    sound = everything_sent(crime)
    cases = st.sampled_from(sound).flatmap(
        lambda known: st.tuples(st.just(known), changed(st.just(known[1])) | odd_values)
    )
    fuzz("interactions: other shapes", 32, cases, send)
    assert seen == {True, False}, "all could be read, or none"
    gc.collect()  # a task that failed without anybody to hear of it is logged when it goes
    crime.check(crime.stage.play(crime.stage.dispatch(bob, *sound[0])))
