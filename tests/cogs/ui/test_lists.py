"""Long lists in pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.ui.lists import paginate

lines = st.lists(st.text("ab <@1>", min_size=1, max_size=300).map("- {}".format), max_size=60)


@given(lines=lines, head=st.integers(1, 300), foot=st.integers(0, 300))
def test_every_line_is_on_one_page_in_order_and_each_page_fits(
    lines: list[str], head: int, foot: int
) -> None:
    count = paginate("h" * head, lines, "f" * foot, 0).count
    pages = [paginate("h" * head, lines, "f" * foot, number).content for number in range(count)]
    assert all(len(page) <= 2000 for page in pages), "Discord refuses the page"
    found = [page.split("\n") for page in pages]
    assert all(page[0] == "h" * head for page in found)
    assert all("f" * foot in page for page in found if foot)
    assert [line for page in found for line in page if line.startswith("- ")] == lines


@pytest.mark.parametrize(("asked", "shown"), [(-5, 0), (0, 0), (1, 1), (99, 2)])
def test_there_is_always_such_a_page(asked: int, shown: int) -> None:
    page = paginate("head", ["x" * 1000] * 3, "foot", asked)
    assert (page.number, page.count) == (shown, 3)
    assert page.content == f"head\n{'x' * 1000}\nfoot\nPage {shown + 1} of 3"


def test_one_page_has_no_number() -> None:
    assert paginate("head", ["- a", "- b"], "", 0).content == "head\n- a\n- b"
    assert paginate("head", [], "foot", 0).content == "head\nfoot"
