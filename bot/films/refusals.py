"""What stays of a film that is refused: a moderator can be asked about it, and a word costs a strike."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.admission.appeals import excuse, offer
from bot.admission.check_request import AdmissionContext, Requester
from bot.admission.denials import BlockedError, RefusedError, WordNotAllowedError
from bot.admission.film_denials import ShotRefusedError
from bot.admission.strikes import strike_for
from bot.db.transactions import Work
from bot.errors import UserError
from bot.provider.catalogue import VideoRequest

Answer = TypeVar("Answer")


class AskableShotError(ShotRefusedError):
    """A shot is refused for a forbidden word or a block, about which a moderator can be asked."""

    def __init__(
        self,
        number: int,
        refusal: WordNotAllowedError | BlockedError,
        asked: tuple[Requester, VideoRequest, AdmissionContext],
        *,
        is_word: bool = True,
    ) -> None:
        """`asked`: the shot; `is_word`: a word may cost a strike."""
        is_word = is_word and isinstance(refusal, WordNotAllowedError)
        super().__init__(number, refusal.sentence, is_word=is_word)
        self.has_moderators = asked[2].policy.moderators_channel_id is not None
        self.fingerprints = refusal.fingerprints
        self._refusal = refusal
        self._asked = asked

    def offer(self, session: Session, now: datetime) -> None:
        """Keep the shot, so that its member can ask; see `bot.admission.appeals.offer`."""
        offer(session, self._refusal, self._asked, now)
        self.appeal_id = self._refusal.appeal_id


def striking(
    work: Work[Answer | UserError], requester: Requester, now: datetime, *, is_typed: bool
) -> Work[Answer | UserError]:
    """Return work that keeps what a refused shot leads to, though nothing else of it may stand.

    A moderator can be asked about it. `is_typed`: the words came just now, so that it costs a strike, too,
    unless a moderator let a shot of the film pass: the member sends it again as they were told.
    """

    def decide(session: Session) -> Answer | UserError:
        try:
            with session.begin_nested():
                answer = work(session)
        except AskableShotError as error:
            answer = error
        if not isinstance(answer, UserError):
            return answer
        if isinstance(answer, AskableShotError):
            answer.offer(session, now)
        shots = answer.fingerprints if isinstance(answer, RefusedError) else ()
        if not is_typed or excuse(session, requester, shots, now):
            return answer
        return strike_for(session, requester, answer, now)

    return decide
