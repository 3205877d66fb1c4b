"""What the endpoints of domains take and show."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from linkwright.fields import Model, RequestModel, Time, without_defaults

# Of one file, as it is served: the list of a workspace's domains has them all.
MAX_FILE_BYTES = 4096
MAX_NAME_CHARS = 253
APPLE, ANDROID = "apple_app_site_association", "assetlinks"
FILES = (APPLE, ANDROID)

Status = Literal["pending", "verified", "active", "failed"]
Code = Literal[
    "record_not_found",
    "record_mismatch",
    "dns_unavailable",
    "name_taken",
    "leads_elsewhere",
    "leads_back",
]


def as_text(value: object) -> str:
    """A file as it is kept and served."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _small(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    if len(as_text(value).encode(errors="replace")) > MAX_FILE_BYTES:
        words = f"must have at most {MAX_FILE_BYTES} bytes as JSON"
        raise PydanticCustomError("file_size", words)
    return value


# Neither is read by us: whose app it is, is between the system and who wrote it.
Association = Annotated[dict[str, Any], Field(min_length=1), AfterValidator(_small)]
Statements = Annotated[
    list[dict[str, Any]], Field(min_length=1, max_length=100), AfterValidator(_small)
]


class _Fields(RequestModel):
    not_found_url: Annotated[str, Field(max_length=2048)] | None = None
    apple_app_site_association: Association | None = None
    assetlinks: Statements | None = None

    def values(self) -> dict[str, Any]:
        """Those that were sent, but the name: null is to take one away."""
        return self.model_dump(exclude_unset=True, exclude={"domain"})


class CreateDomain(_Fields):
    """A name for short links: a domain of one's own, or what is below it."""

    domain: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]


class UpdateDomain(_Fields):
    """The fields to change; what is not sent stays as it is, null takes a field away."""

    model_config = ConfigDict(json_schema_extra=without_defaults)


class DnsRecord(Model):
    """A record to set at whoever hosts the name's DNS.

    That of `purpose` "proof" says that the name is yours, one of "address" leads it to us.
    """

    purpose: Literal["proof", "address"]
    type: Literal["TXT", "CNAME", "A", "AAAA"]
    name: str
    value: str


class DomainError(Model):
    """Why the last check found less than it should."""

    code: Code
    message: str


class Domain(Model):
    """A domain of links. `domain` is as DNS has it, `domain_unicode` as people read it."""

    id: str
    domain: str
    domain_unicode: str
    status: Status
    records: list[DnsRecord]
    last_error: DomainError | None = None
    checked_at: Time | None = None
    verified_at: Time | None = None
    not_found_url: str | None = None
    apple_app_site_association: dict[str, Any] | None = None
    assetlinks: list[dict[str, Any]] | None = None
    created_at: Time
    updated_at: Time
    version: int
