"""The base of the buttons that are about one generation, whose id is all that they need."""

from cogs.ui.items import Item


class VideoButton(Item):
    """Give an `action`, a `label`, and `act`."""

    pattern = r"(?P<generation>[0-9a-f]{16})"

    def __init__(self, generation_id: str, label: str | None = None, *, row: int | None = None) -> None:
        """`label`: in place of the usual one."""
        super().__init__(generation_id, label=label, row=row)
        self.generation_id = generation_id
