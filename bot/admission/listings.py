"""The models that the provider doesn't list any more; a list may be wrong for a while. Pure."""

from collections.abc import Collection, Mapping

# Seconds for which a model must have been missing: a provider's deploy may empty its lists for a minute.
SURE_AFTER = 240.0


class Listings:
    """The provider's list of models at each look.

    Args:
        known: ids of the models that it is asked about. A list without any of them is no list.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._missing_since: dict[str, float] = {}
        self._gone = set[str]()

    @property
    def gone(self) -> frozenset[str]:
        """The ids of the models that can't be had."""
        return frozenset() if self._gone >= self._known else frozenset(self._gone)

    def update(self, listed: Mapping[str, bool], now: float) -> bool:
        """Take in what a look found of each model; return whether that changed `gone`.

        `now`: on the monotonic clock.
        """
        before = self.gone
        for model_id, is_listed in listed.items():
            if is_listed:
                self._missing_since.pop(model_id, None)
                self._gone.discard(model_id)
            elif now - self._missing_since.setdefault(model_id, now) >= SURE_AFTER:
                self._gone.add(model_id)
        return self.gone != before
