"""Whatever is sent in place of a filled-in form: a sentence, no fault, and nothing of others is touched."""

from typing import Any

import pytest
from hypothesis import strategies as st

from tests.fuzz.answers import ODD_TEXTS
from tests.fuzz.crime import ENTITLED, STRANGERS, Crime
from tests.fuzz.forms import OPENERS, filled_in, open_form, submissions, submit
from tests.fuzz.tally import fuzz

CASES = 9  # of each form


def play(crime: Crime, role: str, custom_id: Any, components: Any, **more: Any) -> list[dict[str, Any]]:
    """Let somebody send a form; return the answers, of which there is one at most."""
    crime.stage.log.forget()
    before, created = crime.protected(role), crime.stage.world.provider.count("create")
    sent = crime.stage.play(submit(crime, role, custom_id, components, **more))
    crime.check(sent)
    assert crime.protected(role) == before, f"{role} changed what is not theirs"
    assert crime.stage.world.provider.count("create") == created, "something was paid for without a click"
    answers = [request["json"] for request in sent if request["path"].endswith("/callback")]
    assert len(answers) <= 1
    return answers


@pytest.mark.parametrize("form", OPENERS)
def test_a_form_with_anything_in_it_is_answered(crime: Crime, form: str) -> None:
    parts = filled_in(open_form(crime, form))
    opener = OPENERS[form][0]

    def forge(case: tuple[str, Any]) -> None:
        role, components = case
        shown = open_form(crime, form)
        assert play(crime, role, shown["custom_id"], components), "it was not answered"

    roles = st.just(opener) | st.sampled_from([*ENTITLED, *STRANGERS])
    fuzz(f"forms: {form}", CASES, st.tuples(roles, submissions(parts)), forge)


def test_a_form_that_nobody_was_shown_does_nothing(crime: Crime) -> None:
    parts = filled_in(open_form(crime, "remix"))

    def forge(case: tuple[str, str, Any]) -> None:
        assert play(crime, *case) == []

    ids = st.sampled_from([*ODD_TEXTS, f"veo1:remix:{crime.targets['video']}"]) | st.text(max_size=100)
    cases = st.tuples(st.sampled_from([*ENTITLED, *STRANGERS]), ids, submissions(parts))
    fuzz("forms: unknown ids", CASES, cases, forge)
