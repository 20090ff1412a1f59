"""The price of each model here, and the provider's name for it behind its public one.

The prices are Google's list prices of August 2025 with the provider's margin of 30 %; the
provider's documentation shows the same sum for 8 s of Veo 3 Fast with sound: 1.56 USD. Lite is sold at
half the price of Fast elsewhere; the provider's own price of it is in no document.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CREDITS_PER_USD = 2_000_000


@dataclass(frozen=True, slots=True)
class Offer:
    """One model as it is sold.

    Attributes:
        alias: the provider's inner name; the end of every generation's id.
        credits_with_audio, credits_without_audio: price of one second of video.
    """

    alias: str
    credits_with_audio: int
    credits_without_audio: int

    def credits_per_second(self, *, has_audio: bool) -> int:
        """Return the price of one second of video, in credits."""
        return self.credits_with_audio if has_audio else self.credits_without_audio


OFFERS: Mapping[str, Offer] = {
    "google/veo3": Offer("veo3", 1_040_000, 520_000),
    "google/veo-3.0-fast": Offer("veo-3.0-fast-generate-001", 390_000, 260_000),
    "google/veo-3.1-t2v": Offer("veo-3.1-t2v", 1_040_000, 520_000),
    "google/veo-3.1-t2v-fast": Offer("veo-3.1-t2v-fast", 390_000, 260_000),
    "google/veo-3.0-i2v": Offer("veo-3.0-i2v", 1_040_000, 520_000),
    "google/veo-3.0-i2v-fast": Offer("veo-3.0-i2v-fast", 390_000, 260_000),
    "google/veo-3.1-i2v": Offer("veo-3.1-i2v", 1_040_000, 520_000),
    "google/veo-3.1-i2v-fast": Offer("veo-3.1-i2v-fast", 390_000, 260_000),
    "google/veo-3.1-first-last-image-to-video": Offer("veo-3.1-flf2v", 1_040_000, 520_000),
    "google/veo-3.1-first-last-image-to-video-fast": Offer("veo-3.1-flf2v-fast", 390_000, 260_000),
    "google/veo-3.1-reference-to-video": Offer("veo-3.1-r2v", 1_040_000, 520_000),
    "google/veo3-1-extend-video": Offer("veo-3.1-extend", 1_040_000, 520_000),
    "google/veo3-1-fast-extend-video": Offer("veo-3.1-fast-extend", 390_000, 260_000),
    "veo-3.1-lite-generate-001": Offer("veo-3.1-lite", 195_000, 130_000),
    "google/veo-3-1-lite-generate-preview": Offer("veo-3-1-lite-preview", 195_000, 130_000),
}


def offer_of(model_id: str) -> Offer:
    """Return how a model is sold; one that is not in the list is as dear as the dearest."""
    known = OFFERS.get(model_id)
    return known or Offer(model_id.rpartition("/")[2], 1_040_000, 520_000)


def sourced(model_id: str) -> str:
    """Return a model's name as the log and the ledger have it: always with its source."""
    return f"google/{model_id}" if model_id in OFFERS and "/" not in model_id else model_id


def usd(amount: int) -> float:
    """Return `amount` credits in USD."""
    return amount / CREDITS_PER_USD
