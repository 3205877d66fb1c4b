"""Fields of a lead as tables have them: what carries no meaning in a cell is taken away."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from linkwright import egress_targets

_SCHEME = re.compile(r"(https?)://", re.IGNORECASE)
# `example.com/about`, with or without a port; without a dot a host is nobody else's.
_PLACE = re.compile(
    r"(?:localhost|[^\s/?#@\\:.]+(?:\.[^\s/?#@\\:.]+)+\.?)(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}))?", re.IGNORECASE)


def without_empty(fields: object, names: Mapping[str, object]) -> object:
    """An empty cell says what null does."""
    if not isinstance(fields, dict):
        return fields
    return {
        name: None if name in names and isinstance(value, str) and not value.strip() else value
        for name, value in fields.items()
    }


def _stripped(raw: object) -> object:
    return raw.strip() if isinstance(raw, str) else raw


def _website(text: str) -> str:
    scheme = _SCHEME.match(text)
    place = text[scheme.end() :] if scheme else text
    url = f"{scheme[1].lower() if scheme else 'https'}://{place}"
    if not _PLACE.fullmatch(place) or not egress_targets.is_wellformed(url):
        raise PydanticCustomError(
            "website", "must be the address of a site, as 'example.com/about'"
        )
    return url


def _country(text: str) -> str:
    if not _COUNTRY.fullmatch(text.upper()):
        raise PydanticCustomError("country", "must be the ISO 3166 code of a country, as 'IL'")
    return text.upper()


def _language(text: str) -> str:
    found = _LANGUAGE.fullmatch(text)
    if found is None:
        raise PydanticCustomError("language", "must be the code of a language, as 'en' or 'pt-BR'")
    language, region = found.groups()
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


_STRIPPED = BeforeValidator(_stripped)
Website = Annotated[
    str,
    Field(max_length=2_048),
    AfterValidator(_website),
    _STRIPPED,
    WithJsonSchema({"type": "string", "maxLength": 2_048, "examples": ["example.com/about"]}),
]
Country = Annotated[
    str,
    AfterValidator(_country),
    _STRIPPED,
    WithJsonSchema({"type": "string", "maxLength": 2, "examples": ["IL"]}),
]
Language = Annotated[
    str,
    AfterValidator(_language),
    _STRIPPED,
    WithJsonSchema({"type": "string", "maxLength": 6, "examples": ["en", "pt-BR"]}),
]
