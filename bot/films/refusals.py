"""Refusals of a shot or of the title, as refusals of a whole film.

A moderator can be asked about it, and a word costs a strike.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.admission.appeals import excuse, fetch_releases, left_words, offer
from bot.admission.check_request import AdmissionContext, Requester, check_channel, check_words
from bot.admission.context import Release
from bot.admission.denials import (
    BudgetReachedError,
    QuotaReachedError,
    RefusedError,
    WaitingFullError,
    WordNotAllowedError,
)
from bot.admission.film_denials import FilmTooLongError, ShotRefusedError
from bot.admission.strikes import is_for_word, strike_for
from bot.clock import Clock
from bot.db.film_models import FilmRow
from bot.db.transactions import Work
from bot.errors import UserError
from bot.films.rows import Film
from bot.films.script import ShotPlan, on_one_line
from bot.provider.catalogue import VideoRequest

TOO_MANY = (QuotaReachedError, WaitingFullError, BudgetReachedError)  # fewer shots may be accepted

Answer = TypeVar("Answer")
Decision = Callable[[Session, datetime], Answer | UserError]  # in a transaction that begins at a moment


class AskableShotError(ShotRefusedError):
    """A shot is refused for a forbidden word, about which a moderator can be asked."""

    def __init__(
        self,
        number: int,
        refusal: WordNotAllowedError,
        asked: tuple[Requester, VideoRequest, AdmissionContext],
        *,
        is_word: bool = True,
    ) -> None:
        """`asked`: the shot; `is_word`: a word may cost a strike."""
        super().__init__(number, refusal.sentence, is_word=is_word)
        self.has_moderators = asked[2].policy.moderators_channel_id is not None
        self.fingerprints = refusal.fingerprints
        self._refusal = refusal
        self._asked = asked

    def offer(self, session: Session, now: datetime) -> None:
        """Keep the shot, so that its member can ask; see `bot.admission.appeals.offer`."""
        offer(session, self._refusal, self._asked, now)
        self.appeal_id = self._refusal.appeal_id


def title_context(
    session: Session, requester: Requester, row: FilmRow, context: AdmissionContext, mark: str, now: datetime
) -> AdmissionContext:
    """Return the context of a film's title, with what lets it pass; `mark`: of the film's shots.

    A moderator lets the title of exactly that film pass.
    """
    mark = hashlib.sha256(f"{mark}{row.title}".encode()).hexdigest()
    is_forbidden = check_words(row.title, context.policy) is not None
    releases = fetch_releases(session, requester, mark, now) if is_forbidden else ()
    return replace(context, fingerprint=mark, releases=releases)


def title_words(
    requester: Requester,
    row: FilmRow,
    context: AdmissionContext,
    releases: Collection[Release],
    now: datetime,
) -> Sequence[str]:
    """Return the forbidden words of the title, if its member may have videos there; it's judged first.

    `releases`: what lets the title pass; those of `context` are of the first shot.
    """
    found = check_words(row.title, context.policy)
    if found is None or check_channel(requester, context, now) is not None:
        return ()
    return left_words(found.words, releases)


def has_words(source: Film | None, plan: ShotPlan) -> bool:
    """Whether a shot's words were accepted before, in the film that is changed."""
    if source is None:
        return False
    return on_one_line(plan.video.prompt) in {on_one_line(take.prompt) for take in source.takes}


def refused_shot(
    number: int,
    refusal: UserError,
    asked: tuple[Requester, VideoRequest, AdmissionContext],
    *,
    is_word: bool = True,
) -> UserError:
    """Return why a film is refused whose shots before this one would have been accepted.

    `is_word`: a word may cost a strike.
    """
    if isinstance(refusal, TOO_MANY):
        return FilmTooLongError(number - 1, refusal)
    if isinstance(refusal, WordNotAllowedError):
        return AskableShotError(number, refusal, asked, is_word=is_word)
    if isinstance(refusal, RefusedError):
        return ShotRefusedError(number, refusal.sentence)
    return refusal


def striking(
    decision: Decision[Answer], requester: Requester, clock: Clock, *, is_typed: bool
) -> Work[Answer | UserError]:
    """Return work that keeps what a refused shot leads to, though nothing else of it may stand.

    A moderator can be asked about it. `is_typed`: the words came just now, so that it costs a strike, too,
    unless a moderator let a shot of the film pass: the member sends it again as they were told.
    """

    def decide(session: Session) -> Answer | UserError:
        now = clock()  # not before: a day with its budget may have ended while this waited
        try:
            with session.begin_nested():
                answer = decision(session, now)
        except AskableShotError as error:
            answer = error
        if not isinstance(answer, UserError):
            return answer
        if isinstance(answer, AskableShotError):
            answer.offer(session, now)
        shots = answer.fingerprints if isinstance(answer, RefusedError) else ()
        if not is_typed or not is_for_word(answer) or excuse(session, requester, shots, now):
            return answer
        return strike_for(session, requester, answer, now)

    return decide
