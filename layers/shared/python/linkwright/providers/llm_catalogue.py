"""The models that may be chosen. No other is asked, whatever a setting says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_PER = 1_000_000


class Provider(StrEnum):
    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    BEDROCK = "bedrock"


@dataclass(frozen=True)
class Listed:
    """A model, with its prices in millionths of a dollar per million tokens.

    `options` go into each request as they are. They turn thinking off: it would eat the tokens of
    the answer, and a caller waits.
    """

    name: str
    model_id: str
    price_in: int
    price_out: int
    # A longer prompt has other prices.
    priced_tokens: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def provider(self) -> Provider:
        return Provider(self.name.partition("/")[0])

    def cost(self, input_tokens: int, output_tokens: int) -> int | None:
        """Millionths of a dollar, rounded up; None if there is no price for so long a prompt."""
        if self.priced_tokens is not None and input_tokens > self.priced_tokens:
            return None
        return -(-(input_tokens * self.price_in + output_tokens * self.price_out) // _PER)


# Prices and options were read on 2026-11-26 in copies of the vendors' pages, some months old, and
# are NOT VERIFIED on a bill or against the services:
# - Anthropic: platform.claude.com/docs/en/models/<model>/overview;
# - OpenAI: developers.openai.com/api/docs/models/gpt-6-luna, and what others wrote of gpt-6-sol's;
# - Bedrock: github.com/pydantic/genai-prices, for the global inference profiles.
# Taken as uncached: what a vendor's own caching saves, or adds to write, is not in the cost.
_LISTED = (
    Listed(
        "anthropic/claude-haiku-5-5",
        "claude-haiku-5-5",
        price_in=100_000,
        price_out=500_000,
        priced_tokens=100_000,
        options={"thinking": {"type": "disabled"}},
    ),
    Listed(
        "anthropic/claude-sonnet-5-5",
        "claude-sonnet-5-5",
        price_in=2_000_000,
        price_out=10_000_000,
        # This model refuses "disabled"; without tools, the two are one.
        options={"thinking": {"type": "between_tools"}},
    ),
    # Does not think unless told to.
    Listed(
        "anthropic/claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        price_in=1_000_000,
        price_out=5_000_000,
    ),
    Listed(
        "openai/gpt-6-luna",
        "gpt-6-luna",
        price_in=100_000,
        price_out=500_000,
        priced_tokens=272_000,
        options={"reasoning_effort": "none"},
    ),
    Listed(
        "openai/gpt-6-sol",
        "gpt-6-sol",
        price_in=2_000_000,
        price_out=10_000_000,
        priced_tokens=272_000,
        options={"reasoning_effort": "none"},
    ),
    # The two of Bedrock do not think unless told to, and take a tool that is forced on them.
    Listed(
        "bedrock/nova-2-lite",
        "global.amazon.nova-2-lite-v1:0",
        price_in=300_000,
        price_out=2_500_000,
    ),
    Listed(
        "bedrock/claude-haiku-4-5",
        "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        price_in=1_000_000,
        price_out=5_000_000,
    ),
)
MODELS: Mapping[str, Listed] = {listed.name: listed for listed in _LISTED}
