"""The base of the buttons that are about one film, whose id is all that they need."""

from cogs.ui.items import Item


class FilmButton(Item):
    """Give an `action`, a `label`, and `act`."""

    pattern = r"(?P<film>[0-9a-f]{16})"

    def __init__(self, film_id: str) -> None:
        super().__init__(film_id)
        self.film_id = film_id
