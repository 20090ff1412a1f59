"""Models that can make a video in place of one that is gone."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from bot.admission.check_request import Prices, check_settings
from bot.db.models import Generation
from bot.failures import FailureKind
from bot.policy.documents import Policy
from bot.policy.store import RecentPolicies
from bot.provider.catalogue import InvalidOptionError, Model, OptionValue, build_request, get_model
from bot.provider.choosing import alike, models_for
from bot.provider.input_kinds import InputKind
from bot.requests.repeats import is_known

SOME_PROMPT = "a video"  # what it says makes no difference to the price


@dataclass(frozen=True, slots=True)
class Successor:
    """A model that makes the same video. `price`: in credits; None: the list doesn't tell."""

    model: Model
    price: float | None


class Successors:
    """Finds them.

    Args:
        models: those that the bot offers, in the operator's order.
        prices: also says which models are gone.
    """

    def __init__(self, models: Sequence[Model], prices: Prices, policies: RecentPolicies) -> None:
        self._models = models
        self._prices = prices
        self._policies = policies

    async def find(self, generation: Generation) -> Successor | None:
        """Return what can make the video of a request whose model is gone; None of any other request.

        Where the server's document can't be read in time, a click finds out what its settings say.
        """
        model = get_model(generation.model)
        if generation.failure_kind is not FailureKind.MODEL_GONE or model is None or not is_known(generation):
            return None
        policy = await self._policies.find(generation.guild_id) or Policy()
        return find_successor(self._models, model, generation.options, policy, self._prices)

    async def look(self, generation: Generation) -> tuple[Successor | None, bool | None]:
        """Return what `find` does, and whether another model could make what a request's own couldn't.

        That is None where it isn't up to the models.
        """
        return await self.find(generation), has_others(self._models, generation, self._prices.gone)


def has_others(models: Sequence[Model], generation: Generation, gone: Container[str]) -> bool:
    """Whether one of `models` that isn't gone could make the video of a request that its own couldn't make.

    Where an image was too small, that is one which asks for less; but a film's shots are all made by one
    family, which nobody can change for one of them.
    """
    model = get_model(generation.model)
    if model is None:
        return True
    others = [other for other in alike(models, model) if other != model and other.id not in gone]
    if generation.failure_kind is FailureKind.IMAGE_SMALL:
        return generation.film_id is None and any(_wants_larger(model, other) for other in others)
    return bool(others)


def find_successor(
    models: Sequence[Model],
    gone: Model,
    options: Mapping[str, OptionValue],
    policy: Policy,
    prices: Prices,
) -> Successor | None:
    """Return the next of `models` behind `gone` that isn't gone and takes the same images and options.

    Behind the last one comes the first.
    """
    if gone.kind is InputKind.VIDEO:  # the button under the video chooses again
        return None
    able = models_for(models, gone.kind)
    index = able.index(gone) if gone in able else 0
    for model in (*able[index:], *able[:index]):
        if model == gone or model.id in prices.gone or _wants_larger(model, gone):
            continue
        try:
            request = build_request(model.id, SOME_PROMPT, options)
        except InvalidOptionError:
            continue
        if check_settings(request, policy, ()) is None:
            return Successor(model, prices.quote(request))
    return None


def _wants_larger(model: Model, other: Model) -> bool:
    """Whether images that are large enough for the other model may be too small."""
    count = model.kind.counts[-1]
    return any(side > had for side, had in zip(model.sides(count), other.sides(count), strict=True))
