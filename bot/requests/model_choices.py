"""The models that /veo suggests while members type: those that make such a video here, with prices.

It comes from memory, since each key asks for it: the provider's price list, and the server's document of a
moment ago (`bot.policy.store`). It decides nothing; the request is checked as any other.
"""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.admission.availability import nearest_allowed
from bot.admission.check_request import Prices, check_settings
from bot.policy.documents import Policy
from bot.policy.store import RecentPolicies
from bot.provider.catalogue import (
    InvalidOptionError,
    Model,
    OptionValue,
    VideoRequest,
    build_request,
)
from bot.provider.choosing import family_heads, rank_of
from bot.provider.input_kinds import InputKind
from bot.provider.pricing import duration_of
from bot.requests.successors import SOME_PROMPT


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A family that can make the video.

    Attributes:
        models: those of its rows that can be used now, with the rest of what was entered.
        seconds: of the video; None: that isn't known before.
        price: of the video, in credits; None: the list doesn't tell.
        to_set: what has to be entered, too, since its default is more than the server allows, with the values
            that `seconds` and `price` are for.
        is_cheapest: it is known that no other choice costs less, and that some cost more.
    """

    models: tuple[Model, ...]
    seconds: int | None
    price: float | None
    to_set: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    is_cheapest: bool = False

    @property
    def family(self) -> str:
        """Its name."""
        return self.models[0].family

    @property
    def id(self) -> str:
        """The id of the row that makes videos from the least, which stands for the family."""
        return min(self.models, key=rank_of).id

    @property
    def kinds(self) -> tuple[InputKind, ...]:
        """The kinds of input that it makes videos from."""
        found = {model.kind for model in self.models}
        return tuple(kind for kind in InputKind if kind in found)


class ModelChoices:
    """Says what can be chosen.

    Args:
        models: those that the bot offers, in the operator's order.
        prices: also says which models are gone.
    """

    def __init__(self, models: Sequence[Model], prices: Prices, policies: RecentPolicies) -> None:
        self._models = models
        self._prices = prices
        self._policies = policies

    @property
    def living(self) -> tuple[Model, ...]:
        """The models that the provider lists, in the operator's order; all where it lists none of them."""
        gone = self._prices.gone
        return tuple(model for model in self._models if model.id not in gone) or tuple(self._models)

    async def list(
        self,
        guild_id: int,
        options: Mapping[str, object],
        given: InputKind,
        kinds: Collection[InputKind] = tuple(InputKind),
        needed: Collection[InputKind] = (),
    ) -> tuple[ModelChoice, ...]:
        """Return what can make a video in the server with what was entered so far, in the models' order.

        `kinds`: what videos can be made from at all where it's entered; `needed`: as `list_choices`. Where
        the server's document can't be read in time, its settings rule nothing out.
        """
        policy = await self._policies.find(guild_id) or Policy()
        models = [model for model in self._models if model.kind in kinds]
        return list_choices(models, options, given, policy, self._prices, needed=needed)


def list_choices(
    models: Sequence[Model],
    options: Mapping[str, object],
    given: InputKind,
    policy: Policy,
    prices: Prices,
    *,
    needed: Collection[InputKind] = (),
) -> tuple[ModelChoice, ...]:
    """Return the families of `models` that can make a video with `options` from what is `given`, and more.

    `needed`: what each has to make videos from, since there is to be more than one. What none of them
    takes is half typed, or is refused in words when it is sent, so it rules nothing out.
    """
    taken = {
        name: value
        for name, value in options.items()
        if isinstance(value, bool | int | str) and any(_takes(model, name, value) for model in models)
    }
    found: dict[str, list[VideoRequest]] = {head.family: [] for head in family_heads(models)}
    for model in models:
        request = None if model.id in prices.gone else _possible(model, taken, policy)
        if request is not None:
            found[model.family].append(request)
    able = [requests for requests in found.values() if _makes_all(requests, needed)]
    choices = (_choice(requests, given, prices, taken) for requests in able)
    return _with_cheapest([choice for choice in choices if choice is not None])


def _makes_all(requests: Sequence[VideoRequest], needed: Collection[InputKind]) -> bool:
    return set(needed) <= {request.model.kind for request in requests}


def _takes(model: Model, name: str, value: OptionValue) -> bool:
    option = model.option(name)
    if option is None:
        return False
    try:
        option.parse(value)
    except InvalidOptionError:
        return False
    return True


def _possible(model: Model, options: Mapping[str, OptionValue], policy: Policy) -> VideoRequest | None:
    """Return the request that a model gets, or None where it or the server doesn't take that.

    An option that isn't entered yet, and has to be because its default is too much here, is the most that
    is allowed.
    """
    try:
        request = build_request(model.id, SOME_PROMPT, {**nearest_allowed(model, policy), **options})
    except InvalidOptionError:
        return None
    return request if check_settings(request, policy, ()) is None else None


def _choice(
    requests: Sequence[VideoRequest], given: InputKind, prices: Prices, entered: Container[str]
) -> ModelChoice | None:
    """Return a family's choice; the price is that of the row which takes the fewest further images."""
    able = [request for request in requests if given.may_become(request.model.kind)]
    if not able:
        return None
    request = min(able, key=lambda request: rank_of(request.model))
    models = tuple(request.model for request in requests)
    to_set = {name: value for name, value in request.options.items() if name not in entered}
    return ModelChoice(models, duration_of(request), prices.quote(request), to_set)


def _with_cheapest(choices: Sequence[ModelChoice]) -> tuple[ModelChoice, ...]:
    known = [choice.price for choice in choices if choice.price is not None]
    if len(known) < len(choices) or len(set(known)) < 2:
        return tuple(choices)
    return tuple(replace(choice, is_cheapest=choice.price == min(known)) for choice in choices)
