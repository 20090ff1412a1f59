"""The card of a film: one message that shows how all of its shots stand, from the rows."""

from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.db.film_models import FilmRow, Transition
from bot.db.models import NOBODY, OPEN, Generation, Status
from bot.db.review_models import is_in_review
from bot.escape import plain
from bot.eta.eta import NO_ETA, Eta
from bot.failures import REVIEWED, FailureKind
from bot.films.rows import Film
from bot.i18n import _, locale_used, ngettext, pgettext
from bot.jobs.ports import Posted
from bot.markup import in_words
from bot.text import cut
from cogs.cards.cancelled_text import cancelled_shot
from cogs.cards.card import (
    ERASED_PROMPT,
    NUMBER_MARK,
    QUOTE_MARK,
    THREAD_NAME_LENGTH,
    parameter_lines,
    shown_prompt,
)
from cogs.cards.card_message import AskAboutVideoButton, CardMessage
from cogs.cards.film_buttons import FilmRedoButton, FilmRemixButton, FilmStopButton
from cogs.cards.waiting_text import eta_text, review_line, when_sent
from cogs.ui.items import Item, LinkButton, message_link, post_link, view_of

EtaOf = Callable[[Generation], Eta]  # says when a shot that is being made should be ready
FindFilm = Callable[[str], Awaitable[Film | None]]  # reads a film, by its ID
PROMPT_LENGTH = 45  # characters of a shot's prompt
TITLE_LENGTH = 200

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def no_eta(_: Generation) -> Eta:
    """Say nothing."""
    return NO_ETA


async def no_films(_: str) -> Film | None:
    """Find no film."""
    return None


async def film_of(subject: Generation | FilmRow, find_film: FindFilm) -> Film | None:
    """Return the film, or the one that a shot is a part of; None: it's no shot.

    Raises:
        DatabaseBusyError: it can't be read now.
    """
    film_id = subject.id if isinstance(subject, FilmRow) else subject.film_id
    return None if film_id is None else await find_film(film_id)


def film_message(film: Film, eta_of: EtaOf = no_eta) -> CardMessage:
    """Return the film's card as discord.py's send and edit methods take it, in the member's language.

    Its last lines are the ID and the title, by which it is recognised in every language.
    `eta_of`: says when a shot that is being made should be ready.
    """
    with locale_used(film.row.locale):
        shots, lost = film.shots, film.row.lost_shots or ()
        lines = [
            ngettext(
                "🎞️ {member} requested a film of {count} shot",
                "🎞️ {member} requested a film of {count} shots",
                len(shots),
                member=film_member(film.row),
            ),
            *(_parameter_line(film) if shots else []),
            film_state(film),
            *(shot_line(shot, eta_of, is_lost=shot.shot in lost) for shot in shots),
            film_number_line(film.row),
            f"{QUOTE_MARK}{shown_title(film.row)}",
        ]
        view = view_of(*_card_buttons(film))
    return CardMessage(content="\n".join(lines), embeds=[], view=view)


def _parameter_line(film: Film) -> list[str]:
    count = len(film.present if film.is_over else film.shots)
    fades = [pgettext("how shots are joined", "crossfades")] if fades_between(film.row, count) else []
    return [" · ".join([*parameter_lines(film.shots[0])[:1], *fades])]


def fades_between(row: FilmRow, count: int) -> bool:
    """Whether shots fade into each other; one alone does not."""
    return row.joined_by is Transition.CROSSFADE and count > 1


def _card_buttons(film: Film) -> list[Item | LinkButton | None]:
    row = film.row
    asks = [_ask_button(take) for take in film.deleted_takes]
    if any(shot.status in OPEN for shot in film.shots):
        return [FilmStopButton(row.id), *asks]
    if row.removed_at is not None:
        is_whole = film.is_deleted and row.erased_at is None and not film.is_forgotten
        return [AskAboutVideoButton(row.id)] if is_whole else [*asks]
    repeats = [] if row.erased_at is not None else [FilmRedoButton(row.id), FilmRemixButton(row.id)]
    return [film_button(row), *repeats, *asks]


def _ask_button(take: Generation) -> AskAboutVideoButton:
    label = pgettext("button", "Ask a moderator: shot {number}", number=take.shot or 0)
    return AskAboutVideoButton(take.id, label)


def film_state(film: Film) -> str:
    """Return the line that says how the film stands."""
    row, there = film.row, film.present
    if row.removed_at is not None:
        return _("🗑️ **Removed.**")
    if not film.is_over:
        return _open_state(film)
    is_known = row.posting_at is None
    if row.result_id is not None and is_known and (film.has_ended or not film.is_to_be_posted):
        return _posted_state(film)
    if not there:
        return _no_film(film)
    if not film.has_ended:
        return _("🎞️ **Joining the shots.**")
    if is_known:
        return _("❌ **Done,** but I couldn't post the film. Its shots are above or in the thread.")
    return _(
        "⚠️ **Done,** but I couldn't find out whether the film was posted. "
        "Its shots are above or in the thread."
    )


def _posted_state(film: Film) -> str:
    shown = film.row.joined_shots or ()
    unshown = [name for name in film.names if name not in shown] if film.is_to_be_posted else []
    if not unshown and film.row.joined_by is not film.row.transition:
        return _("✅ **Done:** the shots are joined with cuts. I couldn't make the crossfades.")
    if not unshown:
        return _("✅ **Done:** the shots are joined.")
    # Joining or posting them was given up, or they came after the film was posted.
    return ngettext(
        "⚠️ **Done,** but the posted film doesn't show the newest shot.",
        "⚠️ **Done,** but the posted film doesn't show the newest shots.",
        len(unshown),
    )


def _open_state(film: Film) -> str:
    waiting = next((shot for shot in film.shots if is_in_review(shot)), None)
    if waiting is not None:
        return review_line(waiting)
    return _(
        "⚙️ **Making your film.** Shots done: {done} of {count}.",
        done=sum(shot.status is Status.SUCCEEDED for shot in film.shots),
        count=len(film.shots),
    )


def _no_film(film: Film) -> str:
    if all(shot.status is Status.CANCELLED for shot in film.shots):
        return _("🚫 **Cancelled.**")
    if any(take.late_until is not None for take in film.takes):
        return _("⏳ **No film yet.** I'll join the shots that are finished after all.")
    if any(shot.status is Status.SUCCEEDED for shot in film.shots):
        return _("❌ **No film.** The shots that were made can't be joined anymore.")
    if (kind := _review_end(film)) is not None:
        count = _("This didn't count toward your limit.")
        return f"{_('❌ **No film.**')} {kind.sentence} {count}"
    return _("❌ **No film.** None of its shots could be made.")


def _review_end(film: Film) -> FailureKind | None:
    """Return why the film ended before anything was sent; None: it did not."""
    kinds = {shot.failure_kind for shot in film.shots}
    return next((kind for kind in REVIEWED if kinds == {kind}), None)


def shot_line(shot: Generation, eta_of: EtaOf = no_eta, *, is_lost: bool = False) -> str:
    """Return the line that says how one shot stands.

    `eta_of`: as for the card; `is_lost`: its file couldn't be had when the film was joined.
    """
    words = shown_prompt(shot, PROMPT_LENGTH)
    return f"**{shot.shot}** {words} · {_shot_state(shot, eta_of, is_lost=is_lost)}"


def _shot_state(shot: Generation, eta_of: EtaOf, *, is_lost: bool) -> str:
    match shot.status:
        case Status.PREPARING | Status.QUEUED:
            return _unsent(shot)
        case Status.SUBMITTING:
            return _("📨 being sent")
        case Status.RUNNING:
            return f"{_('⚙️ being made.')} {eta_text(eta_of(shot)) or when_sent(shot)}"
        case Status.SUCCEEDED:
            return _made(shot, is_lost=is_lost)
        case Status.FAILED:
            return _no_video(shot)
        case Status.CANCELLED:
            return cancelled_shot(shot)


def _unsent(shot: Generation) -> str:
    if is_in_review(shot):
        return _("👀 waiting for approval")
    return _("⏳ in the queue") if shot.awaits_id is None else _("⏸️ waiting for the previous shot")


def _no_video(shot: Generation) -> str:
    if shot.late_until is not None:
        return _("❌ no video yet. If it still comes, it counts.")
    return _("❌ no video. It didn't count.")


def _made(shot: Generation, *, is_lost: bool) -> str:
    if shot.removed_at is not None:
        return _("🗑️ removed. It counts.")
    if is_lost:
        return _("⚠️ made, but I couldn't get its file for the film. It counts.")
    link = message_link(shot)
    return _("✅ [ready]({link})", link=link) if link else _("✅ done")


def film_member(row: FilmRow) -> str:
    """Return the mention of who asked; whether it pings is decided where it is sent."""
    return _("Somebody") if row.user_id == NOBODY else f"<@{row.user_id}>"


def film_number_line(row: FilmRow) -> str:
    """Return the line by which the film's messages are recognised."""
    return f"{NUMBER_MARK}{_('ID {number}', number=row.id)}"


def shown_title(row: FilmRow) -> str:
    """Return the title as it may be shown, on one line."""
    if row.erased_at:
        return _(ERASED_PROMPT)
    return plain(row.title, TITLE_LENGTH) or pgettext("name of a thread", "Film")


def film_thread_names(row: FilmRow) -> tuple[str, str]:
    """Return a thread's name: the title, and what it's called where a filter stops that."""
    title = cut(" ".join(in_words(row.title).split()), THREAD_NAME_LENGTH).rstrip()
    with locale_used(row.locale):
        neutral = pgettext("name of a thread", "Film")[:THREAD_NAME_LENGTH]
    return title or neutral, neutral


def film_link(row: FilmRow) -> str | None:
    """Return the address of the message with the film; None: there is none that others can open."""
    if row.result_id is None:
        return None
    return post_link(row.guild_id, Posted(row.result_id, row.result_channel_id))


def film_button(row: FilmRow) -> LinkButton | None:
    """Return the button that leads to the film; None: there is none that others can open."""
    link = None if row.removed_at is not None else film_link(row)
    return discord.ui.Button(label=pgettext("button", "Open the film's message"), url=link) if link else None
