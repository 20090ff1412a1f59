"""The card and the offer of a film, as pure text from the rows."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.db.film_models import UNFADED, Continuity, FilmRow, Transition
from bot.db.models import Placement, Status
from bot.eta.eta import NO_ETA, Eta
from bot.films.rows import Film
from bot.films.script import MAX_SHOTS, TITLE_MAX_LENGTH
from bot.films.service import FilmQuote
from bot.i18n import locale_used
from bot.i18n.catalogues import languages
from bot.markup import relative_time
from bot.media.files import Clip
from cogs.cards.cancelled_text import cancelled_shots
from cogs.cards.film_card import film_message, film_state, film_thread_names, shot_line
from cogs.cards.film_message import FilmMessage
from cogs.cards.result_message import is_card
from cogs.films.offer_text import render_offer
from cogs.ui.lists import MESSAGE_MAX_LENGTH
from tests.cogs.generation import NOON, generation
from tests.cogs.test_languages import posted

LONG = "*" * 500
FAR = 2**63 - 1  # the longest ID that Discord can give


def row(**changes: Any) -> FilmRow:
    values: dict[str, Any] = {
        "id": "0123456789abcdef",
        "interaction_id": 1,
        "guild_id": FAR,
        "channel_id": FAR,
        "user_id": FAR,
        "placement": Placement.THREAD,
        "title": LONG[:TITLE_MAX_LENGTH],
        "prompts": [LONG] * MAX_SHOTS,
        "options": {},
        "pictures": [],
        "continuity": Continuity.CONTINUOUS,
        "transition": Transition.CROSSFADE,
        "price": 16_640_000.0,
        "revision": 1,
        "created_at": NOON,
        "expires_at": NOON,
        "card_id": 5,
    }
    return FilmRow(**{**values, **changes})


def shots(*statuses: Status, **changes: Any) -> list[Any]:
    return [
        generation(
            id=f"{number:016}", shot=number, film_id="0123456789abcdef", status=status, prompt=LONG, **changes
        )
        for number, status in enumerate(statuses, 1)
    ]


def offer_of(film: FilmRow) -> FilmQuote:
    return FilmQuote(
        film,
        generation(status=Status.QUEUED, prompt=LONG),
        is_past_price=False,
        is_changed=True,
        limit=None,
        left=0,
        budgets=(),
        eta=Eta(expected_at=NOON + timedelta(minutes=3)),
        now=NOON,
        max_waiting=10,
    )


@pytest.mark.parametrize("locale", [None, *languages()])
def test_the_longest_card_and_offer_fit_into_a_message(locale: str | None) -> None:
    place = {"guild_id": FAR, "result_id": FAR, "result_channel_id": FAR, "delivered_at": NOON}
    while_sent = {"submitted_at": NOON, "cancelled_by": 1, "late_until": NOON}
    for status in Status:
        whole = Film(row(locale=locale), shots(*[status] * MAX_SHOTS, **place, **while_sent))
        card = film_message(whole, lambda _: Eta(is_late=True, ends_at=NOON))
        assert len(card["content"]) <= MESSAGE_MAX_LENGTH, status
    quote = offer_of(row(has_image=True))
    with locale_used(locale):
        assert len(render_offer(quote)) <= MESSAGE_MAX_LENGTH
    assert "🎬 Your limit: none. You can have up to 10 videos waiting at once." in render_offer(quote)


@pytest.mark.parametrize("has_image", [True, False])
def test_the_offer_says_that_an_image_opens_the_film(*, has_image: bool) -> None:
    text = render_offer(offer_of(row(has_image=has_image)))
    assert ("Your image opens the first shot." in text) == has_image


def test_the_card_is_recognised_and_no_other_film_or_shot_is_taken_for_it() -> None:
    film = Film(row(title="Dragons"), shots(Status.RUNNING))
    text = posted(film_message(film)["content"])
    assert is_card(text, film.row)
    assert not is_card(text, film.shots[0])
    assert not is_card(text, row(id="fedcba9876543210"))


def test_only_where_there_are_several_shots_it_says_that_they_fade_into_each_other() -> None:
    lines = [film_message(Film(row(), shots(*[Status.RUNNING] * count)))["content"] for count in (1, 2)]
    assert [" · crossfades\n" in text for text in lines] == [False, True]
    cut = film_message(Film(row(transition=Transition.CUT), shots(Status.RUNNING, Status.RUNNING)))
    assert "crossfades" not in cut["content"]


def test_a_title_of_nothing_that_can_be_shown_has_a_name_all_the_same() -> None:
    film = Film(row(title="\u200b"), shots(Status.RUNNING))
    assert film_message(film)["content"].endswith("\n> Film")
    assert film_thread_names(film.row) == ("Film", "Film")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cancelled_by": 4}, "🚫 You cancelled it. It didn't count."),
        (
            {"cancelled_by": 4, "submitted_at": NOON, "provider_id": "one"},
            "🚫 You cancelled it. It counts.",
        ),
        (
            {"cancelled_by": 9, "submitted_at": NOON},
            "🚫 A moderator cancelled it. It counts unless the video service didn't accept it.",
        ),
        ({}, "🚫 Cancelled because I was removed from this server. It didn't count."),
        ({"status": Status.FAILED}, "❌ no video. It didn't count."),
        (
            {"status": Status.FAILED, "late_until": NOON},
            "❌ no video yet. If it still comes, it counts.",
        ),
    ],
)
def test_a_shot_without_a_video_says_whether_it_counts(values: dict[str, Any], said: str) -> None:
    line = shot_line(generation(**{"status": Status.CANCELLED, "shot": 1, **values}))
    assert line.endswith(f"· {said}")


@pytest.mark.parametrize(
    ("eta", "said"),
    [
        (NO_ETA, "Sent {sent}."),
        (Eta(expected_at=NOON + timedelta(minutes=3)), "Should be ready {ready}."),
        (
            Eta(is_late=True, ends_at=NOON + timedelta(minutes=3)),
            "Taking longer than usual. I'll give up",
        ),
    ],
)
def test_a_shot_that_is_made_has_its_own_time(eta: Eta, said: str) -> None:
    times = {"sent": relative_time(NOON), "ready": relative_time(NOON + timedelta(minutes=3))}
    one, other = shots(Status.RUNNING, Status.RUNNING, submitted_at=NOON)
    etas = {one.id: eta, other.id: NO_ETA}
    lines = film_message(Film(row(), [one, other]), lambda shot: etas[shot.id])["content"].split("\n")
    [first, second] = [line for line in lines if "being made" in line]
    assert f" · ⚙️ being made. {said.format(**times)}" in first
    assert second.endswith(f" · ⚙️ being made. Sent {times['sent']}.")


def test_the_answer_says_how_many_of_the_stopped_shots_count() -> None:
    unsent, being_sent = shots(Status.CANCELLED), shots(Status.CANCELLED, submitted_at=NOON)
    assert cancelled_shots([*unsent, *unsent]).endswith("2 shots. None of that counts toward the limit.")
    assert "1 was just being sent. It counts unless" in cancelled_shots([*unsent, *being_sent])


def test_a_cancelled_film_is_not_called_a_failed_one() -> None:
    done = {"delivered_at": NOON}
    assert "Cancelled" in film_state(Film(row(), shots(Status.CANCELLED, Status.CANCELLED, **done)))
    assert "No film" in film_state(Film(row(), shots(Status.CANCELLED, Status.FAILED, **done)))


def test_a_film_whose_shots_were_made_and_are_gone_is_not_said_to_have_had_none() -> None:
    made = shots(Status.SUCCEEDED, Status.FAILED, delivered_at=NOON)
    said = film_state(Film(row(lost_shots=[1]), made))
    assert said == "❌ **No film.** The shots that were made can't be joined anymore."
    taken_down = shots(Status.SUCCEEDED, delivered_at=NOON, removed_at=NOON)
    assert film_state(Film(row(), taken_down)) == said
    failed = shots(Status.FAILED, delivered_at=NOON)
    assert film_state(Film(row(), failed)) == "❌ **No film.** None of its shots could be made."


@pytest.mark.parametrize("locale", [None, *languages()])
def test_the_longest_card_of_a_film_whose_files_are_gone_fits_too(locale: str | None) -> None:
    lost = row(locale=locale, lost_shots=[*range(1, MAX_SHOTS + 1)])
    card = film_message(Film(lost, shots(*[Status.SUCCEEDED] * MAX_SHOTS, delivered_at=NOON)))
    assert len(card["content"]) <= MESSAGE_MAX_LENGTH


def test_a_shot_that_is_missing_since_its_file_is_gone_is_said_to_count() -> None:
    film = Film(row(lost_shots=[2]), shots(Status.SUCCEEDED, Status.SUCCEEDED, delivered_at=NOON))
    lines = film_message(film)["content"].split("\n")
    assert film.missing == [2]
    assert lines[3].endswith("✅ done")
    assert lines[4].endswith("⚠️ made, but I couldn't get its file for the film. It counts.")


def test_a_film_whose_shots_may_still_come_is_not_called_a_failed_one() -> None:
    late = shots(Status.FAILED, Status.FAILED, delivered_at=NOON, late_until=NOON)
    said = film_state(Film(row(delivered_at=NOON), late))
    assert said == "⏳ **No film yet.** I'll join the shots that are finished after all."


def test_a_film_without_its_file_says_no_reason_that_is_not_known(tmp_path: Path) -> None:
    film = Film(row(result_id=7), shots(Status.SUCCEEDED, delivered_at=NOON))
    said = FilmMessage(film, Clip(tmp_path / "film.mp4", 1), with_file=False).content
    assert "Your film is done, but I couldn't post its file here." in said
    assert "too large" not in said
    assert film_state(film) == "✅ **Done:** the shots are joined."


def test_a_screen_reader_says_a_films_title_without_signs_of_markdown(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    film = Film(row(title="The *best* cat_and_dog [1]"), shots(Status.SUCCEEDED))
    [file] = FilmMessage(film, Clip(tmp_path / "film.mp4", 1)).files()
    file.close()
    assert file.description == "Film: The *best* cat_and_dog [1]"


def test_a_film_of_which_a_shot_is_redone_is_made_and_joined_again() -> None:
    first, second = shots(Status.SUCCEEDED, Status.SUCCEEDED, delivered_at=NOON)
    new = {"id": "a" * 16, "shot": 2, "film_id": "0123456789abcdef", "source_id": second.id}
    posted_before = row(result_id=7, joined_shots=[first.id, second.id])
    waiting = Film(posted_before, [first, second, generation(status=Status.QUEUED, **new)])
    assert film_state(waiting) == "⚙️ **Making your film.** Shots done: 1 of 2."
    there = Film(posted_before, [first, second, generation(status=Status.SUCCEEDED, **new)])
    assert film_state(there) == "⚙️ **Making your film.** Shots done: 2 of 2.", "its line says that it's ready"
    cancelled = Film(posted_before, [first, second, generation(status=Status.CANCELLED, **new)])
    assert film_state(cancelled) == "⚙️ **Making your film.** Shots done: 1 of 2.", "it isn't done"
    made = generation(status=Status.SUCCEEDED, delivered_at=NOON, **new)
    assert film_state(Film(posted_before, [first, second, made])) == "🎞️ **Joining the shots.**"
    given_up = row(result_id=7, joined_shots=[first.id, second.id], delivered_at=NOON)
    said = "⚠️ **Done,** but the posted film doesn't show the newest shot."
    assert film_state(Film(given_up, [first, second, made])) == said
    failed = generation(status=Status.FAILED, delivered_at=NOON, **new)
    assert film_state(Film(posted_before, [first, second, failed])) == "✅ **Done:** the shots are joined."


def test_a_shot_that_came_after_the_film_was_posted_is_not_called_joined() -> None:
    first, late, third = shots(*[Status.SUCCEEDED] * 3, delivered_at=NOON, result_id=5)
    film = Film(row(result_id=7, joined_shots=[first.id], delivered_at=NOON), [first, late, third])
    said = "⚠️ **Done,** but the posted film doesn't show the newest shots."
    assert film_state(film) == said
    whole = Film(row(result_id=7, joined_shots=[first.id, late.id], delivered_at=NOON), [first])
    assert film_state(whole) == "✅ **Done:** the shots are joined.", "it shows more than is there"


def test_the_card_speaks_of_crossfades_only_where_there_are_some() -> None:
    both = shots(Status.SUCCEEDED, Status.SUCCEEDED, delivered_at=NOON)
    names = [shot.id for shot in both]
    faded: dict[str, Any] = {"transition": Transition.CROSSFADE, "result_id": 7, "delivered_at": NOON}
    made = film_message(Film(row(**faded, joined_shots=names), both))["content"]
    assert " · crossfades" in made
    one = shots(Status.SUCCEEDED, Status.FAILED, delivered_at=NOON)
    alone = film_message(Film(row(**faded, joined_shots=names), one))["content"]
    assert " · crossfades" not in alone, "one shot fades into nothing"
    unfaded = row(**faded, joined_shots=names, troubles={UNFADED: NOON.isoformat()})
    cut = film_message(Film(unfaded, both))["content"]
    assert "✅ **Done:** the shots are joined with cuts. I couldn't make the crossfades." in cut
    assert " · crossfades" not in cut


def test_who_cannot_ask_about_a_deleted_film_of_forgotten_words_is_not_offered_it() -> None:
    made = {"removed_at": NOON, "delivered_at": NOON}
    of_both = shots(Status.SUCCEEDED, Status.SUCCEEDED, **made)
    whole = Film(row(removed_at=NOON), of_both, is_deleted=True)
    assert len(film_message(whole)["view"].children) == 1
    of_both[1].erase_at = NOON
    assert film_message(whole)["view"].children == []
