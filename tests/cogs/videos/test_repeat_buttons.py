"""The button that makes a video with another model: its custom id holds any model of the catalogue."""

import pytest

from bot.provider.catalogue import CATALOGUE, Model
from cogs.videos.repeat_buttons import SuccessorButton

ID = "0123456789abcdef"


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)
async def test_a_click_is_understood_whatever_the_model(model: Model) -> None:
    custom_id = SuccessorButton(ID, model.id).item.custom_id
    found = SuccessorButton.match(custom_id)
    assert found is not None, f"nobody takes a click on {custom_id}"
    assert (found["generation"], found["model"]) == (ID, model.id)
    assert len(custom_id or "") <= 100, "Discord takes no more"
