"""What the provider says about its prices is understood exactly, or not at all."""

import json
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.money import usd
from bot.provider.catalogue import Model, VideoRequest, build_request
from bot.provider.input_kinds import InputKind
from bot.provider.pricing import ModelList, Pricing, duration_of, quote
from tests.bot.rows import MODEL, PROMPT

RATE: dict[str, Any] = {"price": 0.5, "per": 1}


def wish(**options: Any) -> VideoRequest:
    return build_request(MODEL, PROMPT, options)


def pricing_of(pricing: object, **row: Any) -> Pricing | None:
    """Return what is understood of a row of the list with this pricing."""
    body = {"object": "list", "data": [{"id": MODEL, "aliases": None, "pricing": pricing, **row}]}
    return ModelList.model_validate_json(json.dumps(body)).pricing_of(MODEL)


def quoted(pricing: object, **options: Any) -> float | None:
    """Return the quote in USD for a request with `options`, all the way from the provider's JSON."""
    understood = pricing_of(pricing)
    assert understood is not None, "the pricing is not understood at all"
    amount = quote(understood, wish(**options))
    return None if amount is None else usd(amount)


def fixed(*units: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "fixed", "currency": "USD", "units": [*units]}


def variants(*rows: dict[str, Any], dimensions: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"kind": "variants", "dimensions": [*dimensions], "variants": [*rows]}


def variant(price: float, unit: str = "second", per: float = 1, **when: Any) -> dict[str, Any]:
    return {"when": when, "price": price, "unit": unit, "per": per}


# The provider's own example: 5 s in 1080p would cost 3.25 USD.
DOCUMENTED = variants(
    variant(0.39, resolution="720p"), variant(0.65, resolution="1080p"), dimensions=("resolution",)
)


def test_the_documented_example_is_quoted() -> None:
    assert quoted(DOCUMENTED) == pytest.approx(8 * 0.39)
    assert quoted(DOCUMENTED, resolution="1080P", duration=4) == 4 * 0.65


QUOTED: list[tuple[dict[str, Any], dict[str, Any], float]] = [
    (fixed({"name": "second", "measure": "output", **RATE}), {}, 4),
    (fixed({"name": "second", **RATE}), {"duration": 4}, 2),
    (fixed({"name": "second", "price": 30, "per": 60}), {"duration": 6}, 3),
    (fixed({"name": "video", **RATE}), {"duration": 6}, 0.5),
    (fixed({"name": "generation", "price": 70, "per": 100}), {}, 0.7),
    (fixed({"name": "request", **RATE}), {}, 0.5),
    (variants(variant(1.5, generate_audio=True), variant(1, generate_audio=False)), {}, 12),
    (
        variants(variant(1.5, generate_audio=True), variant(1, generate_audio=False)),
        {"generate_audio": False},
        8,
    ),
    (variants(variant(1500, per=1000, generate_audio=True)), {"duration": 4}, 6),
    (variants(variant(2, unit="video", duration=8), variant(1, unit="video", duration=4)), {}, 2),
    (
        variants(variant(2, unit="video", duration="8"), variant(1, unit="video", duration="4")),
        {"duration": 4},
        1,
    ),
    (variants(variant(2, duration=8.0)), {}, 16),
    (variants(variant(2, generate_audio="TRUE")), {}, 16),
    (variants(variant(2)), {}, 16),
    (
        variants(
            variant(1, resolution="720p", generate_audio=True),
            variant(2, resolution="720p", generate_audio=False),
            variant(3, resolution="1080p", generate_audio=True),
            variant(4, resolution="1080p", generate_audio=False),
            variant(5, resolution="4k", generate_audio=False),
            dimensions=("resolution", "generate_audio"),
        ),
        {"resolution": "1080p", "generate_audio": False, "duration": 4},
        16,
    ),
]


@pytest.mark.parametrize(("pricing", "options", "expected"), QUOTED, ids=str)
def test_what_has_one_meaning_is_quoted(
    pricing: dict[str, Any], options: dict[str, Any], expected: float
) -> None:
    assert quoted(pricing, **options) == pytest.approx(expected)


NOT_QUOTED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "variable"}, "there is no price before the request"),
    ({"kind": "auction", "units": [{"name": "second", **RATE}]}, "the kind is not known"),
    (fixed(), "there is no unit"),
    (fixed({"name": "second", **RATE}, {"name": "video", **RATE}), "who knows which unit is charged"),
    (fixed({"name": "token", "measure": "output", "price": 3.25, "per": 1_000_000}), "videos have no tokens"),
    (fixed({"name": "second", "measure": "input", **RATE}), "it is for what is sent"),
    (variants(), "there is no variant"),
    (variants(variant(1, generate_audio=False)), "no variant fits"),
    (variants(variant(1, resolution="720"), variant(2, resolution="1080")), "the spelling is not ours"),
    (variants(variant(1, resolution=720), variant(2)), "what the first one means is not sure"),
    (variants(variant(1, resolution="720p"), variant(2, generate_audio=True)), "two fit"),
    (variants(variant(1, resolution="720p"), variant(1, resolution="720P")), "two fit"),
    (variants(variant(1, resolution="1080p"), variant(2)), "whether the second is the rest is not said"),
    (variants(variant(1), dimensions=("resolution",)), "the resolution matters, but how is not said"),
    (variants(variant(1, mode="standard")), "we have no such option"),
    (variants(variant(1, seed=7)), "the provider chooses the seed"),
    (variants(variant(1, generate_audio=1)), "a number is no truth"),
    (variants(variant(1, duration=True)), "nor the other way round"),
    (variants(variant(1, unit="megapixel")), "the unit is not known"),
    (variants(variant(5e-324, per=1e308)), "it is nothing"),
    (variants(variant(1e308, per=1e-300)), "it is more than a number can say"),
]


@pytest.mark.parametrize(("pricing", "reason"), NOT_QUOTED, ids=str)
def test_what_has_no_sure_meaning_is_not_quoted(pricing: dict[str, Any], reason: str) -> None:
    assert quoted(pricing) is None, reason


NO_PRICING: list[object] = [
    None,
    "free",
    7,
    [],
    {},
    {"kind": None},
    {"kind": "variants", "variants": "many"},
    {"kind": "variants", "variants": None},
    {**DOCUMENTED, "currency": "EUR"},
    {**DOCUMENTED, "variants": [*DOCUMENTED["variants"], None]},
    {**DOCUMENTED, "dimensions": "resolution"},
    variants({**variant(1), "when": None}),
    variants({**variant(1), "when": {"resolution": ["720p", "1080p"]}}),
    variants({**variant(1), "when": {"duration": {"at_most": 6}}}),
    variants({**variant(1), "when": {"resolution": None}}),
    variants({"when": {}, "unit": "second", "price": 1}),
    variants({"when": {}, "price": 1, "per": 1}),
    *(fixed({"name": "second", "price": price, "per": 1}) for price in (None, "0.5", True, 0, -1)),
    *(fixed({"name": "second", "price": 1, "per": per}) for per in (None, "1", False, 0, -1, 0.0)),
    fixed({"name": "second", "price": float("nan"), "per": 1}),
    fixed({"name": "second", "price": 1, "per": float("inf")}),
    fixed({"name": "second", "price": 10**400, "per": 1}),
]


@pytest.mark.parametrize("pricing", NO_PRICING, ids=lambda pricing: str(pricing)[:80])
def test_odd_pricing_is_none(pricing: object) -> None:
    assert pricing_of(pricing) is None


@pytest.mark.parametrize(
    "body", ["{}", "[]", "null", '"x"', '{"data": null}', '{"data": {}}', '{"data": [', ""]
)
def test_an_answer_without_rows_is_no_list(body: str) -> None:
    with pytest.raises(ValidationError):
        ModelList.model_validate_json(body)


ROW: dict[str, Any] = {"id": MODEL, "pricing": fixed({"name": "second", **RATE})}
OTHER: dict[str, Any] = {**ROW, "pricing": fixed({"name": "second", "price": 9, "per": 1})}
LISTS: list[tuple[list[Any], bool]] = [
    ([ROW], True),
    ([{**ROW, "aliases": ["a", "b"]}], True),
    ([{**ROW, "id": "new-name", "aliases": ["veo3", MODEL]}], True),
    ([{**OTHER, "id": "other", "aliases": [MODEL]}, ROW], True),
    ([{**ROW, "type": "create"}, {**ROW, "type": "retrieve"}], True),
    ([None, 5, {}, {"id": None}, {**OTHER, "id": "other"}, ROW], True),
    ([{**ROW, "aliases": "odd"}], True),
    ([], False),
    ([{**ROW, "id": "other"}], False),
    ([{**ROW, "id": "other", "aliases": "odd"}], False),
    ([ROW, OTHER], False),
    ([ROW, {"id": MODEL}], False),
]


@pytest.mark.parametrize(("rows", "is_found"), LISTS, ids=str)
def test_a_model_is_found_by_its_id_or_by_an_alias(rows: list[Any], *, is_found: bool) -> None:
    pricing = ModelList.model_validate_json(json.dumps({"data": rows})).pricing_of(MODEL)
    assert pricing == (Pricing.model_validate(ROW["pricing"]) if is_found else None)


def test_a_model_whose_duration_is_not_asked_for_has_no_price_of_a_second() -> None:
    endless = Model("google/endless", "Endless", InputKind.TEXT, "No options", options=())
    request = VideoRequest(endless, PROMPT, {})
    assert duration_of(request) is None
    assert quote(Pricing.model_validate(fixed({"name": "second", **RATE})), request) is None
    assert quote(Pricing.model_validate(fixed({"name": "video", **RATE})), request) == 1_000_000


prices = st.floats(0.000_001, 1000)
tables = st.dictionaries(
    st.tuples(st.sampled_from(["720p", "1080P"]), st.booleans()), st.tuples(prices, prices), max_size=4
)
requests = st.fixed_dictionaries(
    {
        "duration": st.sampled_from([4, 6, 8]),
        "resolution": st.sampled_from(["720P", "1080P"]),
        "generate_audio": st.booleans(),
    }
)


@given(tables, requests, st.randoms())
def test_a_table_quotes_its_own_row_in_whatever_order(
    table: dict[tuple[str, bool], tuple[float, float]], options: dict[str, Any], chance: Any
) -> None:
    rows = [
        variant(price, per=per, resolution=resolution, generate_audio=has_audio)
        for (resolution, has_audio), (price, per) in table.items()
    ]
    chance.shuffle(rows)
    rate = table.get(("720p" if options["resolution"] == "720P" else "1080P", options["generate_audio"]))
    expected = (
        None if rate is None else pytest.approx(rate[0] / rate[1] * options["duration"], rel=1e-9, abs=1e-12)
    )
    assert quoted(variants(*rows, dimensions=("generate_audio",)), **options) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
numbers = st.floats() | st.integers() | st.sampled_from([10**400, 10**4200, 5e-324]) | json_values
whens = st.dictionaries(
    st.sampled_from(["duration", "resolution", "generate_audio", "seed", "mode"]),
    st.sampled_from([8, "8", "720p", True, 10**30]) | json_values,
    max_size=3,
)
units = st.fixed_dictionaries(
    {"price": numbers, "per": numbers, "name": st.sampled_from(["second", "video", "token"])},
    optional={"measure": json_values, "unit": st.just("second"), "when": whens | json_values},
)
pricings = st.fixed_dictionaries(
    {"kind": st.sampled_from(["fixed", "variants", "variable"]) | json_values},
    optional={
        "units": st.lists(units, max_size=2) | json_values,
        "variants": st.lists(units, max_size=3) | json_values,
        "dimensions": st.lists(st.sampled_from(["duration", "mode"])) | json_values,
        "currency": st.just("USD") | json_values,
    },
)


@given(pricings | json_values, requests)
def test_whatever_the_provider_says_is_a_real_price_or_none(pricing: object, options: dict[str, Any]) -> None:
    understood = pricing_of(pricing)
    amount = understood and quote(understood, wish(**options))
    assert amount is None or (isfinite(amount) and amount > 0)
