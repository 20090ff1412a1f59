"""Insertion of a film's accepted shots, inside the transaction that decides about them."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.admission.check_request import AdmissionContext, Requester, record_passed
from bot.admission.reviewing import open_review
from bot.db.review_models import ReviewRow
from bot.films.script import ShotPlan
from bot.requests.rows import insert_request
from bot.requests.spec import Shot


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
