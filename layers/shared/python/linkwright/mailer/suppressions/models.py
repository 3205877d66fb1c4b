"""What the endpoints of the suppression list take and show."""

from typing import Annotated

from pydantic import Field

from linkwright.fields import ONE_LINE, PLUS_UNENCODED, Model, RequestModel, Time
from linkwright.mailer.items import SuppressionSource
from linkwright.mailer.leads.addresses import Email
from linkwright.pagination import ListQuery


class AddSuppression(RequestModel):
    """An address that nothing is mailed to."""

    email: Email
    reason: Annotated[str, Field(min_length=1, max_length=200), ONE_LINE] | None = None


class Suppression(Model):
    """An address that nothing is mailed to, until a moment or for good. `email` is null once a lead
    of it was deleted: it is known by its hash alone then.
    """

    id: str
    email: str | None = None
    reason: str | None = None
    source: SuppressionSource
    until: Time | None = None
    created_at: Time


class SuppressionsQuery(ListQuery):
    """All of them, or that of an address."""

    email: Annotated[Email, PLUS_UNENCODED] | None = None
