"""What the endpoints of emails take and show."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import ONE_LINE, Model, RequestModel
from linkwright.mailer.emails import texts

MAX_APPROVED = 100
MAX_SEQ = 100


def _a_subject(text: str) -> str:
    if not texts.is_plain(text):
        raise PydanticCustomError("subject", "must not hold control characters")
    return text


def _a_body(text: str) -> str:
    if not texts.is_plain(text):
        raise PydanticCustomError("body", "must not hold control characters or direction marks")
    return text


Subject = Annotated[str, Field(min_length=1, max_length=200), ONE_LINE, AfterValidator(_a_subject)]
Body = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_a_body)]


class UpdateEmail(RequestModel):
    """What becomes of an email. A change of its text takes an approval back, unless the same
    request approves it: then what is approved is the text as it is changed.
    """

    action: Literal["approve", "reject"] | None = None
    subject: Subject | None = None
    body: Body | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "UpdateEmail":
        if self.action is None and self.subject is None and self.body is None:
            raise PydanticCustomError("nothing", "must have an action, a subject or a body")
        return self


class EmailVersion(RequestModel):
    """An email as somebody has read it."""

    lead_id: Annotated[str, Field(max_length=100)]
    seq: Annotated[StrictInt, Field(ge=1, le=MAX_SEQ)]
    version: Annotated[StrictInt, Field(ge=1, le=1_000_000)]


class ApproveEmails(RequestModel):
    """Up to 100 emails, each at the version that was read: there is no approving of all."""

    items: Annotated[list[EmailVersion], Field(min_length=1, max_length=MAX_APPROVED)]


class ApprovalError(Model):
    """Why an email is not approved, as its own request would be told."""

    status: int
    code: str
    message: str
    reason: str | None = None


class ApprovalResult(Model):
    """What came of one email. `version` is its version now, where it was approved."""

    index: int
    lead_id: str
    seq: int
    status: Literal["approved", "failed"]
    version: int | None = None
    error: ApprovalError | None = None


class ApprovalResults(Model):
    """What came of each email, in the order of the request."""

    results: list[ApprovalResult]
    approved: int
    failed: int
