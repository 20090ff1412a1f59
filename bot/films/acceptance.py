"""Whether a film is accepted: whole or not at all, by the rules for single requests, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from bot.admission.appeals import excuse, fingerprint, offer, use
from bot.admission.check_request import Admission, AdmissionContext, Requester, check_place, check_words
from bot.admission.context import Release
from bot.admission.denials import (
    BudgetReachedError,
    QuotaReachedError,
    RefusedError,
    WaitingFullError,
    WordNotAllowedError,
)
from bot.admission.film_denials import FilmTooLongError, ShotRefusedError, TitleNotAllowedError
from bot.admission.strikes import strike_for
from bot.db.film_models import FilmRow
from bot.db.transactions import Work
from bot.errors import UndecidedError, UserError
from bot.films.rows import Film, change_offer, fetch_film
from bot.films.script import FilmSpec, ShotPlan, plan_shots, without_links
from bot.provider.catalogue import VideoRequest
from bot.requests.confirmation import QUOTE_LIFE, is_still_valid
from bot.requests.reviews import open_review
from bot.requests.rows import insert_request, placement_of
from bot.requests.spec import Shot

IN_A_FILM = "film_shot"  # what a moderator let pass tells it by from a video alone
TOO_MANY = (QuotaReachedError, WaitingFullError, BudgetReachedError)  # fewer shots may be accepted

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer as it was written down, and what it rests on: the contexts of the shots, in their order."""

    row: FilmRow
    contexts: Sequence[AdmissionContext]
    plans: Sequence[ShotPlan]
    is_changed: bool


class ShotWordError(ShotRefusedError):
    """A shot has a forbidden word, about which a moderator can be asked."""

    def __init__(
        self,
        number: int,
        refusal: WordNotAllowedError,
        asked: tuple[Requester, VideoRequest, AdmissionContext],
        *,
        is_word: bool = True,
    ) -> None:
        """`asked`: the shot; `is_word`: it may cost a strike."""
        super().__init__(number, refusal.sentence, is_word=is_word)
        self.has_moderators = asked[2].policy.moderators_channel_id is not None
        self.fingerprints = refusal.fingerprints
        self._refusal = refusal
        self._asked = asked

    def offer(self, session: Session, now: datetime) -> None:
        """Keep the shot, so that its member can ask; see `bot.admission.appeals.offer`."""
        offer(session, self._refusal, self._asked, now)
        self.appeal_id = self._refusal.appeal_id


class DearerError(UndecidedError):
    """The price has risen since the member saw it; nothing was accepted."""


class Releases:
    """What lets the shots of one film pass, by their fingerprints: equal shots have it in common."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Release, ...]] = {}

    def for_all(self, context: AdmissionContext) -> AdmissionContext:
        """Return a shot's context with what lets the first one of its like pass."""
        return replace(context, releases=self._found.setdefault(context.fingerprint, context.releases))


class Acceptance:
    """Decides about films inside the transaction that writes down what follows."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def plans(self, spec: FilmSpec) -> list[ShotPlan]:
        """Return what each shot is made from; raises as `plan_shots`."""
        return plan_shots(spec, self._admission.models, self._admission.gone)

    def accept(
        self,
        session: Session,
        requester: Requester,
        row: FilmRow,
        plans: Sequence[ShotPlan],
        now: datetime,
    ) -> Film | UserError:
        """Insert all shots of a film that the member agreed to, or return why the first one is refused.

        Raises:
            ShotRefusedError, FilmTooLongError, others: a later one is refused; all is to be rolled back.
            DearerError: the price has risen; all is to be rolled back.
            RepeatedError: it was agreed to a moment ago.
        """
        contexts = self._insert(session, requester, row, plans, now)
        if isinstance(contexts, UserError):
            return contexts
        if not is_still_valid(row.price, _total(contexts)):
            raise DearerError
        self._admission.note_accepted(session, requester, contexts[-1], now)
        return self._close_offer(session, requester, row, contexts[0], now)

    def offer(
        self,
        session: Session,
        requester: Requester,
        row: FilmRow,
        plans: Sequence[ShotPlan],
        now: datetime,
        *,
        is_changed: bool,
    ) -> Offered | UserError:
        """Insert all shots to see whether they'd be accepted, take them back, and write down the price."""
        with session.begin_nested() as savepoint:
            contexts = self._insert(session, requester, row, plans, now)
            if not isinstance(contexts, UserError):
                savepoint.rollback()
        if isinstance(contexts, UserError):
            session.delete(row)
            return contexts
        revision = row.revision + is_changed
        values = {"price": _total(contexts), "revision": revision, "expires_at": now + QUOTE_LIFE}
        return Offered(change_offer(session, row, values), contexts, plans, is_changed)

    def _insert(
        self,
        session: Session,
        requester: Requester,
        row: FilmRow,
        plans: Sequence[ShotPlan],
        now: datetime,
    ) -> list[AdmissionContext] | UserError:
        """Insert the shots one after the other, each by all rules, as if it had been asked for alone.

        Only what is refused before anything was inserted is returned, so that what moderators must know of
        it stays recorded.

        Raises:
            ShotRefusedError, FilmTooLongError, others: a later one is refused; all is to be rolled back.
        """
        contexts, releases = list[AdmissionContext](), Releases()
        before, review = None, None
        for number, plan in enumerate(plans, start=1):
            context = releases.for_all(self.context(session, requester, plan, now))
            refusal = None if contexts else _judge_title(requester, row, context, now)
            refusal = refusal or self._admission.decide(session, requester, plan.video, context, now)
            if isinstance(refusal, WordNotAllowedError | TitleNotAllowedError):
                refusal.fingerprints = fingerprints(plans)
            if refusal is not None and (contexts or isinstance(refusal, WordNotAllowedError)):
                raise _refused_shot(number, refusal, (requester, plan.video, context))
            if refusal is not None:
                return refusal
            contexts.append(context)
            shot = Shot(row.id, number, awaits_id=before if plan.awaits else None)
            spec = replace(plan.spec, shot=shot)
            review = review or open_review(session, requester, context, now)
            before = insert_request(session, requester, spec, context, now, review).id
            use(session, context.releases, before, now)
        return contexts

    def context(
        self, session: Session, requester: Requester, plan: ShotPlan, now: datetime
    ) -> AdmissionContext:
        """Read what the decision rests on; a shot that may become another kind costs what the dearer does.

        What a moderator lets pass is a video alone, or a shot of a film.
        """
        made_from = _made_from(plan)
        context = self._admission.fetch_context(
            session, requester, plan.video, now, is_quoted=True, made_from=made_from
        )
        other = None if plan.without is None else self._admission.price_of(plan.without)
        if other is None or context.price is None:
            return context
        return replace(context, price=max(context.price, other))

    def _close_offer(
        self, session: Session, requester: Requester, row: FilmRow, context: AdmissionContext, now: datetime
    ) -> Film:
        values: dict[str, Any] = {
            "accepted_at": now,
            "placement": placement_of(requester, context.policy.placement),
            "locale": requester.locale,
            "prompts": [],
            "pictures": without_links(row.pictures),
        }
        film = fetch_film(session, change_offer(session, row, values).id)
        if film is None:
            raise LookupError(row.id)
        return film


def fingerprints(plans: Sequence[ShotPlan]) -> list[str]:
    """Return what tells each shot apart from other requests."""
    return [fingerprint(plan.video, _made_from(plan)) for plan in plans]


def _made_from(plan: ShotPlan) -> list[object]:
    return [IN_A_FILM, *plan.spec.made_from]


def _judge_title(
    requester: Requester, row: FilmRow, context: AdmissionContext, now: datetime
) -> TitleNotAllowedError | None:
    """Return an error that names the forbidden words of the title, if its member may have videos there."""
    found = check_words(row.title, context.policy)
    if found is None or check_place(requester, context, now) is not None:
        return None
    return TitleNotAllowedError(found.words)


def _refused_shot(
    number: int, refusal: UserError, asked: tuple[Requester, VideoRequest, AdmissionContext]
) -> UserError:
    """Return why a film is refused whose shots before this one would have been accepted."""
    if isinstance(refusal, TOO_MANY):
        return FilmTooLongError(number - 1, refusal)
    if isinstance(refusal, WordNotAllowedError):
        return ShotWordError(number, refusal, asked)
    if isinstance(refusal, RefusedError):
        return ShotRefusedError(number, refusal.sentence)
    return refusal


def _total(contexts: Sequence[AdmissionContext]) -> float | None:
    """Return the price of all shots; None: one of them isn't known."""
    prices = [context.price for context in contexts]
    return None if None in prices else sum(price or 0 for price in prices)


def striking(
    work: Work[Answer | UserError], requester: Requester, now: datetime, *, is_typed: bool
) -> Work[Answer | UserError]:
    """Return work that keeps what a shot's forbidden word leads to, though nothing else of it may stand.

    A moderator can be asked about it. `is_typed`: the words came just now, so that it costs a strike, too,
    unless a moderator let a shot of the film pass: the member sends it again as they were told.
    """

    def decide(session: Session) -> Answer | UserError:
        try:
            with session.begin_nested():
                answer = work(session)
        except ShotWordError as error:
            answer = error
        if not isinstance(answer, UserError):
            return answer
        if isinstance(answer, ShotWordError):
            answer.offer(session, now)
        shots = answer.fingerprints if isinstance(answer, RefusedError) else ()
        if not is_typed or excuse(session, requester, shots, now):
            return answer
        return strike_for(session, requester, answer, now)

    return decide
