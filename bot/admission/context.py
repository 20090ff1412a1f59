"""The requester, and the facts that the decision about a request rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.admission.budgets import BudgetState
from bot.admission.limits import Use
from bot.db.models import Placement, Unreviewed
from bot.db.review_models import ReviewStage
from bot.policy.documents import MemberPolicy, Policy
from bot.provider.catalogue import CATALOGUE, Model


@dataclass(frozen=True, slots=True)
class Release:
    """Lets a request pass a rule once, since a moderator allowed it (`bot.admission.appeals`)."""

    appeal_id: str
    rule: str


@dataclass(frozen=True, slots=True)
class Requester:
    """The member who asks, and the destination: all ids are Discord's.

    Attributes:
        role_ids: the member's roles.
        parent_id: the channel that the thread belongs to, where `channel_id` is a thread.
        placement: where the result can go, as far as Discord's permissions say.
        may_reply: it can go into the channel itself, too.
        locale: Discord's name of their language, such as "pt-BR".
        joined_at: when they came to the server; None: Discord doesn't tell.
    """

    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    placement: Placement
    role_ids: frozenset[int] = frozenset()
    parent_id: int | None = None
    locale: str | None = None
    may_reply: bool = True
    joined_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AdmissionContext:
    """The facts that a decision rests on, read in one transaction.

    Attributes:
        price: what the video will cost, in credits; None: not known.
        budgets: the server's, as they stand without this video.
        max_waiting: how many requests the member may have in the queue; None: any number.
        is_past_price: the price is what such videos did cost, since the provider's list does not tell.
        gone: ids of the models that the provider doesn't list any more.
        models: those that the bot offers.
        releases: the rules that this one request passes, since a moderator allowed it.
        fingerprint: of the request, by which a moderator can let it pass a rule (`bot.admission.appeals`).
        needs_review: moderators look at it first.
    """

    policy: Policy = field(default_factory=Policy)
    member_policy: MemberPolicy = field(default_factory=MemberPolicy)
    use: Use = field(default_factory=Use)
    budgets: tuple[BudgetState, ...] = ()
    price: float | None = None
    max_waiting: int | None = None
    is_past_price: bool = False
    gone: frozenset[str] = frozenset()
    models: Sequence[Model] = CATALOGUE
    releases: tuple[Release, ...] = ()
    fingerprint: str = ""
    needs_review: bool = False

    @property
    def unreviewed(self) -> Unreviewed | None:
        """What becomes of a finished video that moderators have to see first and don't look at.

        None: they don't have to.

        That's about a video alone: a film's shots would be posted one by one, so they wait unmade.
        """
        is_shown_first = self.needs_review and self.policy.review_stage is ReviewStage.POSTED
        return self.policy.review_timeout if is_shown_first else None
