"""Shards: which part of the servers this process's connections to Discord's gateway are for."""

from dataclasses import dataclass

GUILD_SHIFT = 22  # Discord's rule ("Sharding"): shard = (guild_id >> 22) % number of shards
MAX_SHARDS = 10_000


@dataclass(frozen=True, slots=True)
class Shards:
    """Some of all shards. `ids`: rising, each below `count`."""

    count: int
    ids: tuple[int, ...]

    def has(self, guild_id: int) -> bool:
        """Whether a server's events come to one of these."""
        return (guild_id >> GUILD_SHIFT) % self.count in self.ids


def parse_shards(count: int, text: str) -> Shards:
    """Return shards written as in `0,2,4-7`; without any, all of them.

    Raises:
        ValueError: it makes no sense; the words say why.
    """
    ids: set[int] = set()
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = piece.partition("-")
        last = last if dash else first
        if not _is_number(first) or not _is_number(last):
            raise ValueError("must be shard numbers such as 0,2,4-7")
        low, high = int(first), int(last)
        if not low <= high < count:
            raise ValueError(
                f"must be ascending numbers from 0 to {count - 1}, because SHARD_COUNT is {count}"
            )
        ids.update(range(low, high + 1))
    return Shards(count, tuple(sorted(ids)) or tuple(range(count)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_SHARDS))
