"""Sizes that servers take: by boost level, and what Discord has ever allowed. Pure; the settings read it."""

from bisect import bisect_left

MIB = 2**20  # bytes
# What Discord has allowed bots and servers so far; servers that differ are taken to be at one of these.
KNOWN_LIMITS = tuple(size * MIB for size in (8, 10, 20, 25, 50, 100))  # bytes
HEADROOM = 2  # per cent of a limit, for the message's text and the rest of the request
DEFAULT = "20,20,50,100"  # MiB, from September 2026 on
ByTier = tuple[int, int, int, int]


def parse_limits(text: str) -> ByTier:
    """Return bytes for the boost levels 0 to 3 from a setting such as "20,20,50,100", in MiB.

    Raises:
        ValueError: it is something else.
    """
    match [int(part) for part in text.split(",") if part.strip().isdecimal()]:
        case [none, one, two, three] if text.count(",") == 3 and 1 <= none <= one <= two <= three <= 500:
            return none * MIB, one * MIB, two * MIB, three * MIB
        case _:
            raise ValueError(
                "must be four ascending numbers of MiB for boost levels 0 to 3, such as " + DEFAULT
            )


def usable(limit: int) -> int:
    """Return how large a file may be where `limit` holds, both in bytes."""
    return limit * (100 - HEADROOM) // 100


def next_lower(by_tier: ByTier, refused_size: int) -> int | None:
    """Return the highest plausible limit that a server can have which refused a file of this size.

    None: it is smaller than any limit there ever was, so that its size is not the reason.
    """
    ladder = sorted({*KNOWN_LIMITS, *by_tier})
    index = bisect_left(ladder, refused_size)
    return ladder[index - 1] if index else None
