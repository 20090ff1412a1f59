"""The form with the numbers of a change says exactly what holds, in what it takes."""

import pytest

from bot.policy.documents import LimitKind, Period
from bot.preview.proposal import Proposal
from cogs.quota.change_forms import NumbersForm


@pytest.mark.parametrize("amount", [None, 0.0, 12.0, 12.34, 0.01, 580_000.0, 2_000_000.5, 1.9e13])
async def test_a_form_that_is_sent_as_it_opened_changes_nothing(amount: float | None) -> None:
    shown = Proposal(budgets={Period.MONTH: amount}, limits={LimitKind.DAY: None})
    assert NumbersForm("numbers", shown).read() == shown
