"""Headings and links are read as GitHub reads them."""

from pathlib import Path

import pytest

from docs.markdown import anchor, table
from tests.lint.pages import Page

PAGE = """# One page

See [two](two.md#a), ![an image](three.png) and `[no](link.md)`.

```sh
# no heading
echo "[no](link.md)"
```

## Again
## Again
"""


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("What happens when…", "what-happens-when"),
        ("`/veo-admin words add`", "veo-admin-words-add"),
        ("What was tried, and what was not", "what-was-tried-and-what-was-not"),
        ("What's stored where", "whats-stored-where"),
        ("A key_word", "a-key_word"),
    ],
    ids=["dots", "code", "comma", "apostrophe", "underscore"],
)
def test_an_anchor_is_the_one_that_github_makes(heading: str, wanted: str) -> None:
    assert anchor(heading) == wanted


def test_a_table_has_a_line_for_each_row() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_code_holds_no_links_and_no_headings(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text(PAGE, encoding="utf-8")
    page = Page(tmp_path, "one.md")
    assert [(link.text, link.line) for link in page.links()] == [("two.md#a", 3), ("three.png", 3)]
    assert page.headings() == ["one-page", "again", "again-1"]
    assert [(block.text.splitlines()[0], block.line) for block in page.blocks("sh")] == [("# no heading", 6)]
