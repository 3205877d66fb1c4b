"""What the endpoints of a lead's thread take and show."""

from typing import Annotated

from pydantic import Field

from linkwright.fields import Model, RequestModel, Time
from linkwright.mailer.responses.items import Direction, MessageState


class AnswerLead(RequestModel):
    """What is answered to a lead, in its thread. `last_message_id` is the newest message of it
    that you have read: if something newer came from them, nothing is sent.
    """

    text: Annotated[str, Field(min_length=1, max_length=5_000)]
    last_message_id: Annotated[str, Field(min_length=1, max_length=64)]


class LeadMessage(Model):
    """A message of a lead's thread. What was received has no quotes any more. One that is
    `untrusted` was written by somebody else in their name, as the mailbox's host found: nothing
    followed from it, unless it was an opt-out. `seq` is the step of the sequence, or the one that
    it answers.
    """

    id: str
    direction: Direction
    state: MessageState
    at: Time
    subject: str
    text: str
    sender: str | None = None
    intent: str | None = None
    automatic: bool | None = None
    seq: int | None = None
    reason: str | None = None
    sent_by: str | None = None
