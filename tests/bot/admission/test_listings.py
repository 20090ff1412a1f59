"""A model is gone when it was missing for minutes, and back at once; a list without any of ours is none."""

from hypothesis import given
from hypothesis import strategies as st

from bot.admission.prices import SURE_AFTER, Listings

KNOWN = ("old", "new")

looks = st.lists(st.tuples(st.sampled_from(KNOWN), st.floats(0, 2 * SURE_AFTER), st.booleans()), max_size=30)


def look(listings: Listings, at: float, *listed: str) -> frozenset[str]:
    listings.update({model: model in listed for model in KNOWN}, at)
    return listings.gone


def test_a_model_is_gone_when_it_was_missing_for_minutes() -> None:
    listings = Listings(KNOWN)
    assert look(listings, 0, "old", "new") == set()
    assert look(listings, 300, "new") == set(), "a provider's deploy closed a model"
    assert look(listings, 300 + SURE_AFTER - 1, "new") == set()
    assert look(listings, 300 + SURE_AFTER, "new") == {"old"}


def test_a_model_that_is_back_can_be_had_at_once() -> None:
    listings = Listings(KNOWN)
    look(listings, 0, "new")
    assert look(listings, 600, "new") == {"old"}
    assert look(listings, 900, "old", "new") == set()
    assert look(listings, 1200, "new") == set(), "it has been missing for one look only"


def test_a_list_without_any_model_changes_nothing() -> None:
    listings = Listings(KNOWN)
    for at in (0, 600, 1200):
        assert look(listings, at) == set()


@given(looks)
def test_a_change_is_told_when_there_is_one(history: list[tuple[str, float, bool]]) -> None:
    listings, now = Listings(KNOWN), 0.0
    for model, pause, is_listed in history:
        now += pause
        before = listings.gone
        assert listings.update({model: is_listed}, now) is (listings.gone != before)
        assert not (is_listed and model in listings.gone)
