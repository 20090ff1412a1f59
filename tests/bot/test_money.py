"""Money is shown in dollars and in credits, and never as less than it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.money import CREDITS_PER_USD, show_money, to_credits, usd

amounts = st.floats(0, 1e12) | st.integers(0, 10**12)

# The provider's documents name the first two sums in both units.
SHOWN = [
    (3_120_000, "$1.56 (3,120,000 credits)"),
    (500_000, "$0.25 (500,000 credits)"),
    (0, "$0.00 (0 credits)"),
    (-0.0, "$0.00 (0 credits)"),
    (0.4, "under $0.01 (under 1 credit)"),
    (1, "under $0.01 (1 credit)"),
    (19_999, "under $0.01 (19,999 credits)"),
    (20_000, "$0.01 (20,000 credits)"),
    (3_120_000.4, "$1.56 (3,120,000 credits)"),
    (2_469_135_780, "$1,234.57 (2,469,135,780 credits)"),
    (-1_000_000, "minus $0.50 (1,000,000 credits)"),
    (-5, "minus under $0.01 (5 credits)"),
]


@pytest.mark.parametrize(("amount", "text"), SHOWN, ids=str)
def test_an_amount_is_shown_in_both_units(amount: float, text: str) -> None:
    assert show_money(amount) == text


@pytest.mark.parametrize(("dollars", "amount"), [(1.56, 3_120_000), (0.25, 500_000), (1.1, 2_200_000)])
def test_dollars_become_the_credits_that_the_documents_name(dollars: float, amount: float) -> None:
    assert to_credits(dollars) == amount
    assert usd(amount) == dollars


@given(amounts)
def test_what_is_not_zero_is_not_shown_as_zero(amount: float) -> None:
    is_shown_as_zero = show_money(amount).startswith("$0.00") or "(0 credits)" in show_money(amount)
    assert is_shown_as_zero == (amount == 0)


@given(amounts)
def test_what_is_shown_is_right_to_the_cent_and_to_the_credit(amount: float) -> None:
    shown = re.fullmatch(r"(under )?\$([\d,]+\.\d\d) \((under )?([\d,]+) credits?\)", show_money(amount))
    assert shown is not None, show_money(amount)
    is_under_cent, dollars, is_under_credit, number = shown.groups()
    assert float(dollars.replace(",", "")) == pytest.approx(
        usd(amount), abs=0.01 if is_under_cent else 0.005_001
    )
    assert int(number.replace(",", "")) == pytest.approx(amount, abs=1 if is_under_credit else 0.5)


@given(st.floats(0, 1e9))
def test_dollars_survive_the_way_to_credits_and_back(dollars: float) -> None:
    assert usd(to_credits(dollars)) == pytest.approx(dollars, abs=1 / CREDITS_PER_USD)
