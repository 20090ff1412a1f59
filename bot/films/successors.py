"""The model that would make a film's shot in place of one that is gone, as redoing the shot offers it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bot.admission.check_request import Prices, check_settings
from bot.admission.film_denials import ShotRefusedError
from bot.clock import Clock, utc_now
from bot.db.models import Generation
from bot.errors import BadRequestError
from bot.failures import FailureKind
from bot.films.redo import CannotRedoError, plan_redo, unrefused
from bot.films.rows import Film
from bot.films.script import ShotPlan
from bot.policy.documents import Policy
from bot.policy.store import RecentPolicies
from bot.provider.catalogue import Model
from bot.requests.successors import Successor, Successors


class FilmSuccessors(Successors):
    """Finds them for films' shots, too.

    Args:
        find_film: reads a film, by its ID.
        others: as `Successors`.
    """

    def __init__(
        self,
        models: Sequence[Model],
        prices: Prices,
        policies: RecentPolicies,
        find_film: Callable[[str], Awaitable[Film | None]],
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(models, prices, policies)
        self._find_film = find_film
        self._clock = clock

    async def look(self, generation: Generation) -> tuple[Successor | None, bool | None]:
        """Return what redoing a shot whose model is gone offers; else as `Successors`.

        There is no other model then, since nobody can choose one for a shot.

        Raises:
            DatabaseBusyError: the film can't be read now.
        """
        if generation.film_id is None or generation.failure_kind is not FailureKind.MODEL_GONE:
            return await super().look(generation)
        film = await self._find_film(generation.film_id)
        if film is None:
            return None, None
        policy, now = await self._policies.find(generation.guild_id) or Policy(), self._clock()
        try:
            instead = find_shot_successor(film, generation, self._models, policy, self._prices, now)
        except (CannotRedoError, ShotRefusedError):  # a click says why
            return None, None
        return instead, instead is not None


def find_shot_successor(
    film: Film, shot: Generation, models: Sequence[Model], policy: Policy, prices: Prices, now: datetime
) -> Successor | None:
    """Return what redoing a shot offers, if that isn't gone, too.

    Raises:
        CannotRedoError, ShotRefusedError: the shot can't be redone, by whatever model.
    """
    number = shot.shot or 0
    try:
        plan = plan_redo(film, number, shot.prompt, models, prices.gone, policy.models, now)[number]
    except BadRequestError:  # no model makes it
        return None
    if not isinstance(plan, ShotPlan) or plan.video.model.id in prices.gone:
        return None
    if not unrefused(film, [plan.video.model]) or check_settings(plan.video, policy, ()) is not None:
        return None
    return Successor(plan.video.model, prices.quote(plan.video))
