"""What the offer of redone shots says: what is left after each of its buttons."""

from datetime import timedelta

import pytest

from bot.db.film_models import Continuity, FilmRow
from bot.eta.eta import Eta
from bot.films.redo import Redo
from bot.films.redoing import RedoQuote
from bot.films.rows import Film
from bot.policy.documents import LimitKind
from cogs.films.redo_offer import render_redo
from tests.cogs.generation import NOON
from tests.cogs.veo.test_quote_text import budget, limit, offer

PRICE = 3_120_000.0
NO_ETA = Eta()
LIMIT = limit(LimitKind.DAY, 5)


def redo(spent: tuple[float, float] = (0, 0), *, count: int = 2, eta: Eta = NO_ETA) -> str:
    """Return the offer of shot 2 and those after it; `spent`: of 100, after it alone and after all."""
    alone, together = (
        offer(limit=LIMIT, left=5 - made, budgets=[budget(of_budget)], eta=eta)
        for made, of_budget in zip((1, count), spent, strict=True)
    )
    film = Film(FilmRow(id="f" * 16, title="Dragons", continuity=Continuity.CONTINUOUS), [])
    return render_redo(RedoQuote(alone, together, film, Redo("f" * 16, 2, [PRICE] * count), None), [])


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        ((50, 99), "🏦 The server's video budget has money left after shots 2–3."),
        (
            (50, 100),
            "🏦 The server's video budget has money left after shot 2 alone; shots 2–3 use it up. It",
        ),
    ],
)
def test_what_is_left_is_said_for_each_button(spent: tuple[float, float], said: str) -> None:
    text = redo(spent)
    assert "🎬 Videos left on your limit: 4 after shot 2 alone, 3 after shots 2–3 (the limit is 5" in text
    assert said in text


def test_the_wait_is_said_for_each_button() -> None:
    eta = Eta(expected_at=NOON + timedelta(minutes=2))
    lines = redo(count=4, eta=eta).splitlines()
    assert "⏳ Wait: about 2 minutes, based on earlier videos." in lines
    assert "⏳ Wait for shots 2–5: about 8 minutes, because they're made one after the other." in lines
    for other in (redo(count=1, eta=eta), redo(count=4)):
        assert "Wait for shots" not in other


def test_for_one_shot_it_is_said_as_for_a_video() -> None:
    text = redo((100, 100), count=1)
    assert "🎬 Your limit: 4 more videos after this one (the limit is 5" in text
    assert "🏦 This one uses up the server's video budget." in text
