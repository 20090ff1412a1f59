"""Whether shots of a film may be redone: whole or not at all, by the rules for single requests.

All of it runs inside the transaction that writes down what follows.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.admission.appeals import use
from bot.admission.check_request import Admission, AdmissionContext, Requester, check_words
from bot.admission.denials import RefusedError, WordNotAllowedError
from bot.admission.film_denials import RedoTooLongError, ShotRefusedError
from bot.db.film_models import FilmRow
from bot.db.models import Generation, QuoteRow
from bot.db.review_models import ReviewRow
from bot.errors import UserError
from bot.films.acceptance import (
    TOO_MANY,
    Acceptance,
    DearerError,
    Releases,
    ShotWordError,
    fingerprints,
)
from bot.films.redo import CannotRedoError, Redo, check_redo, numbers_after, plan_redo, redone
from bot.films.rows import Film, fetch_film
from bot.films.script import ShotPlan
from bot.films.takes import last_takes
from bot.i18n import _
from bot.requests.confirmation import (
    Confirmation,
    UnknownQuoteError,
    confirm,
    fetch_clicked,
    is_still_valid,
    keep,
    renew,
)
from bot.requests.reviews import open_review
from bot.requests.rows import insert_request
from bot.requests.spec import Shot


@dataclass(frozen=True, slots=True)
class Trial:
    """The takes that were inserted, and what that rests on; `refusal`: why the next one wasn't."""

    ids: Sequence[str]
    contexts: Sequence[AdmissionContext]
    refusal: UserError | None

    @property
    def prices(self) -> list[float | None]:
        """Return what each would cost, in credits; None: not known."""
        return [context.price for context in self.contexts]


@dataclass(frozen=True, slots=True)
class OfferedRedo:
    """An offer as it was written down, and what it rests on; `is_changed`: it took another one's place."""

    quote_row: QuoteRow
    film: Film
    trial: Trial
    is_changed: bool


class RedoAcceptance:
    """Decides about redone shots; `admission`: about each as about any request."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._acceptance = Acceptance(admission)

    def offer(
        self,
        session: Session,
        requester: Requester,
        redo: Redo,
        prompt: str,
        now: datetime,
        before: QuoteRow | None = None,
    ) -> OfferedRedo | UserError:
        """Insert the takes to see whether they'd be accepted, take them back, and write down the prices.

        `before`: the offer whose place it takes.
        """
        film = _fetch_for_change(session, requester, redo)
        plans = self._plans(film, redo.shot, prompt, now)
        numbers = [redo.shot, *numbers_after(film, redo.shot)]
        with session.begin_nested() as savepoint:
            trial = self._insert(session, requester, film, plans, numbers, now)
            if trial.ids:
                savepoint.rollback()
        if not trial.ids and trial.refusal is not None:
            return trial.refusal
        spec, price = plans[redo.shot - 1].spec, trial.prices[0]
        if before is None:
            quote_row = keep(session, requester, spec, price, now)
        else:
            quote_row = renew(session, before, spec, price, now)
        models = _models(plans, numbers[: len(trial.prices)])
        quote_row.redo = asdict(replace(redo, prices=trial.prices, models=models))
        session.flush()
        return OfferedRedo(quote_row, film, trial, before is not None)

    def accept(
        self, session: Session, requester: Requester, confirmation: Confirmation, last: int, now: datetime
    ) -> Film | UserError:
        """Insert the takes up to the shot `last`, or return why the first one is refused.

        Raises:
            QuoteGoneError, QuoteChangedError, RepeatedError: as `fetch_clicked`.
            RedoTooLongError, ShotRefusedError, others: a later one is refused; all is to be rolled back.
            DearerError: the price has risen, or another model makes them; all is to be rolled back.
        """
        quote_row = fetch_clicked(session, requester, confirmation, now, is_redo=True)
        redo = redo_of(quote_row)
        if not redo.shot <= last <= redo.last:
            raise UnknownQuoteError(is_redo=True)
        film = _fetch_for_change(session, requester, redo)
        plans = self._plans(film, redo.shot, quote_row.prompt, now)
        numbers = [redo.shot, *(after for after in numbers_after(film, redo.shot) if after <= last)]
        if numbers[-1] != last:  # they are being made by now
            raise UnknownQuoteError(is_redo=True)
        trial = self._insert(session, requester, film, plans, numbers, now)
        if trial.refusal is not None:
            if not trial.ids:
                return trial.refusal
            raise _refused_later(numbers[len(trial.ids)], len(trial.ids), trial.refusal)
        if not is_still_valid(_total(redo.prices[: len(numbers)]), _total(trial.prices)):
            raise DearerError
        if redo.models and redo.models[: len(numbers)] != _models(plans, numbers):
            raise DearerError
        self._admission.note_accepted(session, requester, trial.contexts[-1], now)
        confirm(session, quote_row, trial.ids[0])
        _reopen(session, film, numbers, trial.ids, now)
        reopened = fetch_film(session, film.row.id)
        if reopened is None:
            raise LookupError(film.row.id)
        return reopened

    def _plans(self, film: Film, number: int, prompt: str, now: datetime) -> list[ShotPlan]:
        plans = plan_redo(film, number, prompt, self._admission.models, self._admission.gone, now)
        return [redone(plan, take) for plan, take in zip(plans, last_takes(film.takes), strict=True)]

    def _insert(
        self,
        session: Session,
        requester: Requester,
        film: Film,
        plans: Sequence[ShotPlan],
        numbers: Sequence[int],
        now: datetime,
    ) -> Trial:
        """Insert takes one after the other, each by all rules, until one is refused.

        Raises:
            ShotRefusedError: the first one has forbidden words.
        """
        row, contexts, ids, releases = film.row, list[AdmissionContext](), list[str](), Releases()
        review: ReviewRow | None = None
        place = replace(
            requester, channel_id=row.channel_id, placement=row.placement, locale=row.locale, may_reply=True
        )
        before = next((shot.id for shot in film.shots if shot.shot == numbers[0] - 1), None)
        for number in numbers:
            plan = plans[number - 1]
            context = releases.for_all(self._acceptance.context(session, requester, plan, now))
            refusal = self._admission.decide(session, requester, plan.video, context, now)
            if isinstance(refusal, WordNotAllowedError):
                is_word = not contexts and _is_typed(film, number, plan, context)
                asked = (requester, plan.video, context)
                refusal.fingerprints = fingerprints([plans[other - 1] for other in numbers])
                refusal = ShotWordError(number, refusal, asked, is_word=is_word)
            if refusal is None and not contexts:
                _check_title(row, context)
            if refusal is not None:
                return Trial(ids, contexts, refusal)
            contexts.append(context)
            shot = Shot(row.id, number, awaits_id=before if plan.awaits else None)
            spec = replace(plan.spec, shot=shot)
            review = review or open_review(session, requester, context, now)
            before = insert_request(session, place, spec, context, now, review).id
            use(session, context.releases, before, now)
            ids.append(before)
        return Trial(ids, contexts, None)


def _is_typed(film: Film, number: int, plan: ShotPlan, context: AdmissionContext) -> bool:
    """Whether a forbidden word was typed just now; what a take of the shot was made from wasn't."""
    prompt = plan.video.prompt
    is_known = any(take.prompt == prompt for take in film.takes if take.shot == number)
    return not is_known and check_words(prompt, context.policy) is not None


def redo_of(quote_row: QuoteRow) -> Redo:
    """Return what an offer is about."""
    return Redo(**(quote_row.redo or {}))


def _fetch_for_change(session: Session, requester: Requester, redo: Redo) -> Film:
    """Return the film, which nobody begins to join until the end of the transaction."""
    session.get(FilmRow, redo.film_id, with_for_update=True)
    return check_redo(fetch_film(session, redo.film_id), requester, redo.shot)


def _reopen(session: Session, film: Film, numbers: Sequence[int], ids: Sequence[str], now: datetime) -> None:
    """Let the takes begin, and the film be joined again after them."""
    row = film.row
    first = film.shots[0]
    place = {"card_id": film.card_id, "thread_id": first.thread_id, "placement": row.placement}
    session.execute(
        update(Generation)
        .where(Generation.id.in_(ids))
        .values(not_before=now, **place)
        .execution_options(synchronize_session=False)
    )
    if row.result_id is not None and row.joined_shots is None:
        row.joined_shots = [*film.names]
    row.lost_shots = [lost for lost in row.lost_shots or () if lost not in numbers] or None
    row.frameless_shots = [shot for shot in row.frameless_shots or () if shot not in numbers] or None
    row.delivered_at = row.posting_at = row.troubles = row.lease_owner = row.lease_until = None
    row.not_before, row.attempts = now, 0
    session.flush()


def _refused_later(number: int, fitting: int, refusal: UserError) -> UserError:
    if isinstance(refusal, TOO_MANY):
        return RedoTooLongError(fitting, refusal)
    if isinstance(refusal, RefusedError) and not isinstance(refusal, ShotRefusedError):
        return ShotRefusedError(number, refusal.sentence)
    return refusal


def _check_title(row: FilmRow, context: AdmissionContext) -> None:
    """Raise `CannotRedoError` if the title, which is posted again, was accepted before it was forbidden."""
    if check_words(row.title, context.policy) is not None:
        reason = _(
            "This server doesn't allow this film's title anymore, so I can't redo its shots. "
            "Use `/film` to make a new one."
        )
        uncounted = _("This didn't count toward your limit.")
        raise CannotRedoError(f"{reason} {uncounted}")


def _models(plans: Sequence[ShotPlan], numbers: Sequence[int]) -> list[str]:
    return [plans[number - 1].video.model.id for number in numbers]


def _total(prices: Sequence[float | None]) -> float | None:
    return None if None in prices else sum(price or 0 for price in prices)
