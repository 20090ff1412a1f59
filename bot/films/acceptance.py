"""Acceptance of a film: whole or not at all, by the rules for single requests, in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.admission.appeals import BLOCK, fetch_releases, fingerprint, offer
from bot.admission.check_request import (
    Admission,
    AdmissionContext,
    Requester,
    record_passed,
    warn_of_budgets,
)
from bot.admission.context import Release
from bot.admission.denials import WordNotAllowedError
from bot.admission.film_denials import TitleNotAllowedError
from bot.admission.prices import fetch_past_price
from bot.admission.reviewing import open_review
from bot.db.film_models import FilmRow
from bot.db.review_models import ReviewRow
from bot.errors import UndecidedError, UserError
from bot.films.changes import Change, find_change, total
from bot.films.offers import change_offer
from bot.films.refusals import has_words, refused_shot, title_context, title_words
from bot.films.rows import Film, fetch_film
from bot.films.script import (
    FilmSpec,
    ShotPlan,
    family_of,
    plan_shots,
    spec_in,
    still_possible,
    without_links,
)
from bot.provider.catalogue import VideoRequest
from bot.requests.confirmation import QUOTE_LIFE
from bot.requests.rows import insert_request, placement_of
from bot.requests.spec import Shot

IN_A_FILM = "film_shot"  # what a moderator let pass tells it by from a video alone


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer as it was written down, and what it rests on: the contexts of the shots, in their order.

    `change`: what differs from the one before.
    """

    row: FilmRow
    contexts: Sequence[AdmissionContext]
    plans: Sequence[ShotPlan]
    change: Change | None


class DearerError(UndecidedError):
    """The price has risen since the member saw it, or another model makes it; nothing was accepted."""


class Releases:
    """The releases that the shots of one film can use.

    A word passes by the fingerprint of its shot, and equal shots have that in common. A block is about the
    member: it's passed by what moderators let pass of the whole, whose fingerprint is `mark`.
    """

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._of_all: tuple[Release, ...] | None = None
        self._found: dict[str, tuple[Release, ...]] = {}

    def for_shot(
        self, session: Session, requester: Requester, context: AdmissionContext, now: datetime
    ) -> AdmissionContext:
        """Return a shot's context with what lets it pass."""
        if self._of_all is None:
            is_blocked = context.member_policy.block is not None
            found = fetch_releases(session, requester, self.mark, now) if is_blocked else ()
            self._of_all = tuple(release for release in found if release.rule.startswith(BLOCK))
        words = tuple(release for release in context.releases if not release.rule.startswith(BLOCK))
        words = self._found.setdefault(context.fingerprint, words)
        return replace(context, releases=(*words, *self._of_all))


@dataclass(slots=True)
class Insertion:
    """Inserts the shots of one film, one after the other.

    Attributes:
        last_id: of the shot before the next one, which the next one may await.
        review: the one review of all shots, once there is one.
    """

    session: Session
    requester: Requester
    film_id: str
    now: datetime
    last_id: str | None = None
    review: ReviewRow | None = None

    def add(self, destination: Requester, number: int, plan: ShotPlan, context: AdmissionContext) -> str:
        """Insert a shot and return its ID; `destination`: the requester, where its result goes."""
        session, requester, now = self.session, self.requester, self.now
        shot = Shot(self.film_id, number, awaits_id=self.last_id if plan.awaits else None)
        spec = replace(plan.spec, shot=shot)
        self.review = self.review or open_review(session, requester, context, now)
        self.last_id = insert_request(session, destination, spec, context, now, self.review).id
        record_passed(session, requester, context, self.last_id, now)
        return self.last_id


class Acceptance:
    """Decides about films inside the transaction that writes down what follows."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def plans(self, spec: FilmSpec) -> list[ShotPlan]:
        """Return what each shot is made from; raises as `plan_shots`."""
        return plan_shots(spec, self._admission.models, self._admission.prices.gone)

    def plans_of(self, row: FilmRow) -> list[ShotPlan]:
        """Return what each shot of an offer is made from now; raises as `plan_shots`."""
        return self.plans(still_possible(spec_in(row), self._admission.models, self._admission.prices.gone))

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
            DearerError: the price has risen, or another model makes it; all is to be rolled back.
            RepeatedError: it was agreed to a moment ago.
        """
        contexts = self._insert(session, requester, row, plans, now)
        if isinstance(contexts, UserError):
            return contexts
        if _change(row, plans, contexts) is not None:
            raise DearerError
        warn_of_budgets(session, requester.guild_id, contexts[-1], now)
        return self._close_offer(session, requester, row, contexts[0], now)

    def offer(
        self,
        session: Session,
        requester: Requester,
        row: FilmRow,
        plans: Sequence[ShotPlan],
        now: datetime,
        *,
        is_new: bool = True,
        source: Film | None = None,
    ) -> Offered | UserError:
        """Insert all shots to see whether they'd be accepted, take them back, and write down the price.

        The model is written down, too, so that it's the one that was shown. `is_new`: nothing was shown yet;
        what was is kept where it's refused now. `source`: the film that is changed.
        """
        with session.begin_nested() as savepoint:
            contexts = self._insert(session, requester, row, plans, now, source)
            if not isinstance(contexts, UserError):
                savepoint.rollback()
        if isinstance(contexts, UserError):
            if is_new:
                session.delete(row)
            return contexts
        change = None if is_new else _change(row, plans, contexts)
        values = {
            "model": _family_in(plans),
            "price": total(context.price for context in contexts),
            "revision": row.revision + (change is not None),
            "expires_at": now + QUOTE_LIFE,
        }
        return Offered(change_offer(session, row, values), contexts, plans, change)

    def _insert(
        self,
        session: Session,
        requester: Requester,
        row: FilmRow,
        plans: Sequence[ShotPlan],
        now: datetime,
        source: Film | None = None,
    ) -> list[AdmissionContext] | UserError:
        """Insert the shots one after the other, each by all rules, as if it had been asked for alone.

        Only what is refused before anything was inserted is returned, so that what moderators must know of
        it stays recorded.

        Raises:
            ShotRefusedError, FilmTooLongError, others: a later one is refused; all is to be rolled back.
        """
        contexts, releases = list[AdmissionContext](), Releases(film_mark(plans))
        insertion, title = Insertion(session, requester, row.id, now), None
        is_new_title = source is None or source.row.title != row.title
        for number, plan in enumerate(plans, start=1):
            shot_before = contexts[-1] if contexts else None
            context = self.context(session, requester, plan, now, shot_before)
            context = releases.for_shot(session, requester, context, now)
            title = title or title_context(session, requester, row, context, releases.mark, now)
            words = () if contexts else title_words(requester, row, context, title.releases, now)
            refusal = TitleNotAllowedError(words, is_word=is_new_title) if words else None
            refusal = refusal or self._admission.decide(session, requester, plan.video, context, now)
            if isinstance(refusal, WordNotAllowedError | TitleNotAllowedError):
                refusal.fingerprints = [*fingerprints(plans), title.fingerprint]
            if refusal is not None and (contexts or isinstance(refusal, WordNotAllowedError)):
                asked = (requester, plan.video, context)
                raise refused_shot(number, refusal, asked, is_word=not has_words(source, plan))
            if refusal is not None:
                whole = title if words else replace(context, fingerprint=releases.mark)
                offer(session, refusal, (requester, _whole_film(row, plans, refusal), whole), now)
                return refusal
            shot_id = insertion.add(requester, number, plan, context)
            if not contexts:
                record_passed(session, requester, title, shot_id, now)
            contexts.append(context)
        return contexts

    def context(
        self,
        session: Session,
        requester: Requester,
        plan: ShotPlan,
        now: datetime,
        before: AdmissionContext | None = None,
    ) -> AdmissionContext:
        """Read what the decision rests on; a shot that may become another kind costs what the dearer does.

        What a moderator lets pass is a video alone, or a shot of a film. `before`: of the shot before.
        """
        made_from = _made_from(plan)
        context = self._admission.fetch_context(
            session, requester, plan.video, now, is_quoted=True, made_from=made_from, before=before
        )
        if plan.without is None or context.price is None:
            return context
        other = self._admission.prices.quote(plan.without) or fetch_past_price(session, plan.without)
        return replace(context, price=max(context.price, other or 0))

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


def film_mark(plans: Sequence[ShotPlan]) -> str:
    """Return what tells a film apart from others; see `bot.admission.appeals.fingerprint`."""
    return hashlib.sha256("".join(fingerprints(plans)).encode()).hexdigest()


def _whole_film(row: FilmRow, plans: Sequence[ShotPlan], refusal: UserError) -> VideoRequest:
    """Return all words of a film as moderators see them; with the title, where that is what is refused."""
    shots = [plan.video.prompt for plan in plans]
    words = [row.title, *shots] if isinstance(refusal, TitleNotAllowedError) else shots
    return replace(plans[0].video, prompt="\n".join(words))


def _made_from(plan: ShotPlan) -> list[object]:
    return [IN_A_FILM, *plan.spec.made_from]


def _change(row: FilmRow, plans: Sequence[ShotPlan], contexts: Sequence[AdmissionContext]) -> Change | None:
    """Return what differs of a film from what was offered before, or None."""
    shown = [] if row.model is None else [family_of(row.model)]
    price = total(context.price for context in contexts)
    return find_change((shown, [_family_in(plans)]), ([row.price], [price]))


def _family_in(plans: Sequence[ShotPlan]) -> str:
    return plans[0].video.model.family
