"""Acceptance of shots to redo: whole or not at all, by the rules for single requests.

All of it runs inside the transaction that writes down what follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.admission.appeals import fetch_used, offer
from bot.admission.check_request import (
    Admission,
    AdmissionContext,
    Requester,
    check_words,
    warn_of_budgets,
)
from bot.admission.denials import RefusedError, WordNotAllowedError
from bot.admission.film_denials import RedoTooLongError, ShotRefusedError, title_sentence
from bot.db.film_models import FilmRow
from bot.db.guild_models import AppealDecision
from bot.db.models import Generation, QuoteRow
from bot.errors import UserError, uncounted
from bot.films.acceptance import Acceptance, DearerError, Insertion, Releases, fingerprints
from bot.films.changes import Change, find_change
from bot.films.late_shots import open_again
from bot.films.redo import (
    CannotRedoError,
    Redo,
    awaited_by,
    check_redo,
    numbers_after,
    plan_redo,
    redone,
)
from bot.films.refusals import TOO_MANY, AskableShotError, title_words
from bot.films.rows import Film, fetch_film
from bot.films.script import ShotPlan
from bot.films.takes import last_takes
from bot.films.trial import Trial
from bot.i18n import _
from bot.policy.store import fetch_rules
from bot.requests.confirmation import (
    Confirmation,
    UnknownQuoteError,
    Way,
    confirm,
    fetch_clicked,
    keep,
    renew,
)

Plans = Mapping[int, ShotPlan | UserError]  # of shots, by their numbers


@dataclass(frozen=True, slots=True)
class OfferedRedo:
    """An offer as it was written down, and what it rests on; `change`: what differs from the one before."""

    quote_row: QuoteRow
    film: Film
    trial: Trial
    change: Change | None


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
        plans = self._plans(session, requester, film, redo.shot, prompt, now)
        numbers = [redo.shot, *numbers_after(film, redo.shot)]
        with session.begin_nested() as savepoint:
            trial = self._insert(session, requester, film, plans, numbers, now)
            if trial.ids:
                savepoint.rollback()
        if not trial.ids and trial.refusal is not None:
            return trial.refusal
        spec, price = trial.plans[0].spec, trial.prices[0]
        if before is None:
            quote_row = keep(session, requester, spec, price, now)
        else:
            quote_row = renew(session, before, spec, price, now)
        change = None if before is None else _change(redo, trial)
        quote_row.redo = asdict(replace(redo, prices=trial.prices, models=trial.models))
        session.flush()
        return OfferedRedo(quote_row, film, trial, change)

    def accept(
        self, session: Session, requester: Requester, confirmation: Confirmation, last: int, now: datetime
    ) -> Film | UserError:
        """Insert the takes up to the shot `last`, or return why the first one is refused.

        Raises:
            QuoteGoneError, QuoteChangedError, RepeatedError: as `fetch_clicked`.
            RedoTooLongError, ShotRefusedError, others: a later one is refused; all is to be rolled back.
            DearerError: the price has risen, or another model makes them; all is to be rolled back.
        """
        quote_row = fetch_clicked(session, requester, confirmation, now, way=Way.REDO)
        redo = redo_of(quote_row)
        if not redo.shot <= last <= redo.last:
            raise UnknownQuoteError(Way.REDO)
        film = _fetch_for_change(session, requester, redo)
        plans = self._plans(session, requester, film, redo.shot, quote_row.prompt, now)
        numbers = [redo.shot, *(after for after in numbers_after(film, redo.shot) if after <= last)]
        if numbers[-1] != last:  # they are being made by now
            raise UnknownQuoteError(Way.REDO)
        trial = self._insert(session, requester, film, plans, numbers, now)
        if trial.refusal is not None:
            if not trial.ids:
                return trial.refusal
            raise _refused_later(numbers[len(trial.ids)], trial.refusal)
        if _change(redo, trial) is not None:
            raise DearerError
        warn_of_budgets(session, requester.guild_id, trial.contexts[-1], now)
        confirm(session, quote_row, trial.ids[0])
        _reopen(session, film, numbers, trial.ids, now)
        reopened = fetch_film(session, film.row.id)
        if reopened is None:
            raise LookupError(film.row.id)
        return reopened

    def _plans(
        self, session: Session, requester: Requester, film: Film, number: int, prompt: str, now: datetime
    ) -> Plans:
        admission = self._admission
        policy, _member = fetch_rules(session, requester.guild_id, requester.user_id)
        plans = plan_redo(film, number, prompt, admission.models, admission.prices.gone, policy.models, now)
        last = {take.shot: take for take in last_takes(film.takes)}
        return {
            number: plan if isinstance(plan, UserError) else redone(plan, last[number])
            for number, plan in plans.items()
        }

    def _insert(
        self,
        session: Session,
        requester: Requester,
        film: Film,
        plans: Plans,
        numbers: Sequence[int],
        now: datetime,
    ) -> Trial:
        """Insert takes one after the other, each by all rules, until one is refused.

        Raises:
            ShotRefusedError: the first one has forbidden words.
        """
        trial, releases = Trial(), None
        destination, awaited = _destination_of(film.row, requester), awaited_by(film, numbers[0])
        insertion = Insertion(session, requester, film.row.id, now, last_id=awaited and awaited.id)
        for number in numbers:
            plan = plans[number]
            if isinstance(plan, UserError):
                return replace(trial, refusal=plan)
            shot_before = trial.contexts[-1] if trial.contexts else None
            context = self._acceptance.context(session, requester, plan, now, shot_before)
            releases = releases or Releases(context.fingerprint)  # the words of the others are known
            context = releases.for_shot(session, requester, context, now)
            if not trial.ids:
                _check_title(session, requester, film, context, now)
            refusal = self._refusal(session, requester, plan, context, now)
            if isinstance(refusal, WordNotAllowedError):
                is_word = not trial.ids and _is_typed(film, number, plan, context)
                refusal.fingerprints = fingerprints(_made(plans, numbers))
                asked = (requester, plan.video, context)
                refusal = AskableShotError(number, refusal, asked, is_word=is_word)
            if refusal is not None:
                if not trial.ids:
                    offer(session, refusal, (requester, plan.video, context), now)
                elif isinstance(refusal, TOO_MANY):
                    refusal = RedoTooLongError(len(trial.ids), refusal)
                return replace(trial, refusal=refusal)
            take_id = insertion.add(destination, number, plan, context)
            trial = trial.with_take(take_id, context, plan)
        return trial

    def _refusal(
        self,
        session: Session,
        requester: Requester,
        plan: ShotPlan,
        context: AdmissionContext,
        now: datetime,
    ) -> UserError | None:
        """Return why a take is refused; what its film is made with can't be chosen here."""
        refusal = self._admission.decide(session, requester, plan.video, context, now)
        if isinstance(refusal, RefusedError):
            return refusal.without_choice(_("Use `/film` to make a new one."))
        return refusal


def _destination_of(row: FilmRow, requester: Requester) -> Requester:
    """Return the requester, where the film is."""
    return replace(
        requester, channel_id=row.channel_id, placement=row.placement, locale=row.locale, may_reply=True
    )


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
    destination = {"card_id": film.card_id, "thread_id": first.thread_id, "placement": row.placement}
    session.execute(
        update(Generation)
        .where(Generation.id.in_(ids))
        .values(not_before=now, **destination)
        .execution_options(synchronize_session=False)
    )
    open_again(film, now)
    row.lost_shots = [lost for lost in row.lost_shots or () if lost not in numbers] or None
    session.flush()


def _refused_later(number: int, refusal: UserError) -> UserError:
    if isinstance(refusal, RefusedError) and not isinstance(refusal, ShotRefusedError | RedoTooLongError):
        return ShotRefusedError(number, refusal.sentence)
    return refusal


def _check_title(
    session: Session, requester: Requester, film: Film, context: AdmissionContext, now: datetime
) -> None:
    """Raise `CannotRedoError` if the title, which is posted again, was accepted before it was forbidden.

    What a moderator let pass in this film passes again; a word that they allowed for everybody holds once
    it's forbidden again.
    """
    passed = fetch_used(session, [take.id for take in film.takes], AppealDecision.ALLOW)
    if words := title_words(requester, film.row, context, passed, now):
        advice = _("I can't redo its shots. Use `/film` to make a new one.")
        raise CannotRedoError(uncounted(f"{title_sentence(words)} {advice}"))


def _made(plans: Plans, numbers: Sequence[int]) -> list[ShotPlan]:
    some = (plans[number] for number in numbers)
    return [plan for plan in some if isinstance(plan, ShotPlan)]


def _change(redo: Redo, trial: Trial) -> Change | None:
    """Return what differs of shots from what was offered before, or None."""
    return find_change((redo.models, trial.models), (redo.prices, trial.prices))
