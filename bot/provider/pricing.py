"""The provider's prices of models, and the price of one request by them. Pure.

Prices are in USD and are what is charged. What is odd, or leaves room for a second reading, gives no
price: a wrong one would let a budget be passed.

Source: "Reading prices" in "Models catalogue", and "Account balance", in the provider's API reference.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Literal

from pydantic import Field, WrapValidator

from bot.money import to_credits
from bot.provider.catalogue import OptionValue, VideoRequest
from bot.provider.reading import Versioned, Wire, is_same_name, none_if_odd

# The documents name "second" for videos; the others can only mean the one video that a request makes.
UNIT_OF_TIME = "second"
UNITS_OF_REQUEST = frozenset({"video", "generation", "request"})

# Zero is no price but a missing one, and true is no number.
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Condition = bool | int | float | str


class Unit(Wire):
    """One rate of a `fixed` pricing: `price` USD for `per` units called `name`."""

    name: str
    measure: str | None = None  # "input" or "output"
    price: Positive
    per: Positive


class Variant(Wire):
    """One rate of a `variants` pricing: it holds for requests with the options in `when`."""

    when: Mapping[str, Condition]
    unit: str
    price: Positive
    per: Positive


class Pricing(Wire):
    """The price of one model. `dimensions`: the options that the rate depends on.

    Of kind `variable`, and of kinds that we do not know, there is no price before the request.
    """

    kind: str
    currency: Literal["USD"] = "USD"
    units: tuple[Unit, ...] = ()
    dimensions: frozenset[str] = frozenset()
    variants: tuple[Variant, ...] = ()


class PricedModel(Wire):
    """One row of the provider's list of models; odd pricing is None."""

    id: str
    aliases: Annotated[frozenset[str] | None, WrapValidator(none_if_odd)] = None
    pricing: Annotated[Pricing | None, WrapValidator(none_if_odd)] = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The entry of one model in the provider's list.

    Attributes:
        is_listed: the model can be had, as far as can be told.
        pricing: None: the provider doesn't say what it costs, or not in a form that we know.
    """

    is_listed: bool
    pricing: Pricing | None


class ModelList(Versioned):
    """The provider's list of models, or of those that were asked for; odd rows are None."""

    data: list[Annotated[PricedModel | None, WrapValidator(none_if_odd)]]

    def listing_of(self, model_id: str) -> Listing:
        """Return what the list says about a model."""
        return Listing(is_listed=self.has(model_id), pricing=self.pricing_of(model_id))

    def pricing_of(self, model_id: str) -> Pricing | None:
        """Return the pricing of the model with this id or, where there is none, with this alias or name.

        The provider lists an id once for each kind of call; rows that do not agree give None.
        """
        rows = [row for row in self.data if row is not None]
        found = [row.pricing for row in rows if row.id == model_id]
        found = found or [row.pricing for row in rows if model_id in (row.aliases or ())]
        found = found or [row.pricing for row in rows if _is_called(row, model_id)]
        return found[0] if found and all(pricing == found[0] for pricing in found) else None

    def has(self, model_id: str) -> bool:
        """Whether the model is in it, as far as can be told: a row that makes no sense may be its own."""
        return any(row is None or _is_called(row, model_id) for row in self.data)


def _is_called(row: PricedModel, model_id: str) -> bool:
    return any(is_same_name(name, model_id) for name in (row.id, *(row.aliases or ())))


class Balance(Wire):
    """The account's balance, in USD."""

    current_balance: float = Field(allow_inf_nan=False, strict=True)
    currency: Literal["USD"] = "USD"


def quote(pricing: Pricing, request: VideoRequest) -> float | None:
    """Return what `request` will cost, in credits; None: it cannot be known from `pricing`."""
    match pricing.kind:
        case "fixed":
            return _quote_units(pricing.units, request)
        case "variants":
            variant = _find_variant(pricing, request.resolved)
            return variant and _price(variant.price / variant.per, variant.unit, request)
        case _:
            return None


def duration_of(request: VideoRequest) -> int | None:
    """Return the seconds of video that `request` asks for, or None where its model does not let one ask."""
    duration = request.resolved.get("duration")
    return duration if type(duration) is int else None


def _quote_units(units: Collection[Unit], request: VideoRequest) -> float | None:
    """Quote a single rate; of several, nobody says which ones a video is charged."""
    if len(units) != 1:
        return None
    (unit,) = units
    if unit.measure == "input":
        return None
    return _price(unit.price / unit.per, unit.name, request)


def _find_variant(pricing: Pricing, options: Mapping[str, OptionValue]) -> Variant | None:
    """Return the one variant that fits, if it says something about all that the rate depends on."""
    dimensions = pricing.dimensions.union(*(variant.when for variant in pricing.variants))
    fitting = [variant for variant in pricing.variants if _fits(variant, options)]
    return fitting[0] if len(fitting) == 1 and dimensions.issubset(fitting[0].when) else None


def _fits(variant: Variant, options: Mapping[str, OptionValue]) -> bool:
    return all(name in options and _is(options[name], wanted) for name, wanted in variant.when.items())


def _is(value: OptionValue, wanted: Condition) -> bool:
    """Whether an option has a value, in whichever spelling: 1080P is 1080p, and 8 may come as "8"."""
    if isinstance(wanted, str):
        return str(value).casefold() == wanted.casefold()
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _price(usd_per_unit: float, unit: str, request: VideoRequest) -> float | None:
    amount = duration_of(request) if unit == UNIT_OF_TIME else 1 if unit in UNITS_OF_REQUEST else None
    if amount is None:
        return None
    credits = to_credits(usd_per_unit * amount)  # noqa: A001 the unit's name
    return credits if isfinite(credits) and credits > 0 else None
