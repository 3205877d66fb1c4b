"""Clerk's events, as far as they are read: what else they say may change."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, Field

# Clerk counts milliseconds; in some of its examples seconds.
_SECONDS = 10**11
_TEXT = 200
_UNSHOWN = re.compile("[\x00-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]


class Organisation(BaseModel):
    id: Id
    name: str = "Workspace"
    created_by: Id | None = None


class Who(BaseModel):
    user_id: Id


class Membership(BaseModel):
    organization: Organisation
    public_user_data: Who
    role: str = ""


class Verification(BaseModel):
    status: str | None = None


class Address(BaseModel):
    id: str | None = None
    email_address: str
    verification: Verification | None = None


class User(BaseModel):
    id: Id
    first_name: str | None = None
    last_name: str | None = None
    primary_email_address_id: str | None = None
    email_addresses: list[Address] = []

    @property
    def name(self) -> str | None:
        return clean(" ".join(filter(None, (self.first_name, self.last_name)))) or None

    @property
    def email(self) -> str | None:
        """The primary address, if it is verified; else one that is."""
        good = [a for a in self.email_addresses if a.verification and _is_verified(a.verification)]
        good.sort(key=lambda address: address.id != self.primary_email_address_id)
        return clean(good[0].email_address) if good else None


class Event(BaseModel):
    type: str
    timestamp: int = Field(gt=0, lt=10**15)
    data: dict[str, Any]

    @property
    def at(self) -> int:
        return self.timestamp * 1000 if self.timestamp < _SECONDS else self.timestamp


def _is_verified(verification: Verification) -> bool:
    return verification.status == "verified"


def clean(text: str) -> str:
    """In one line, of bounded length, and shown as it is."""
    return _UNSHOWN.sub("", text).strip()[:_TEXT]
