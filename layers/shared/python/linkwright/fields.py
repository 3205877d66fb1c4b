"""Field types that several domains use, with the texts of what they refuse."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

METADATA_KEYS = 50
METADATA_KEY_CHARS = 40
METADATA_VALUE_CHARS = 500

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)

# Printed as `clock.timestamp` makes it; stored in the same form, so that text order is time order.
Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def rfc3339(raw: object) -> object:
    """Refuse what a lenient parser would guess at: bare dates, epochs, times without a zone."""
    if isinstance(raw, str) and _RFC3339.fullmatch(raw):
        return raw
    raise PydanticCustomError("rfc3339", "must be an RFC 3339 time with a zone")


def _bounded(metadata: dict[str, str]) -> dict[str, str]:
    if len(metadata) > METADATA_KEYS:
        raise PydanticCustomError("metadata_keys", f"must have at most {METADATA_KEYS} keys")
    if any(not 1 <= len(key) <= METADATA_KEY_CHARS for key in metadata):
        raise PydanticCustomError(
            "metadata_key", f"must have keys of 1 to {METADATA_KEY_CHARS} characters"
        )
    if any(len(value) > METADATA_VALUE_CHARS for value in metadata.values()):
        raise PydanticCustomError(
            "metadata_value", f"must have values of at most {METADATA_VALUE_CHARS} characters"
        )
    return metadata


Metadata = Annotated[dict[str, str], AfterValidator(_bounded)]
