"""Pieces of Markdown that the generated pages are made of."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; its lines end with a line end each."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading: lower case, blanks as hyphens, punctuation left out."""
    kept = (sign for sign in heading.strip().lower() if sign.isalnum() or sign in " -_")
    return "".join(kept).replace(" ", "-")
