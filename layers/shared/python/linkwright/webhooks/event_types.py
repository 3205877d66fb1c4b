"""The types of events. An event exists if and only if its change does, in bulk work too."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

EVERY = "*"
OF_WEBHOOKS = "webhook."
# Type -> what it tells.
EVENT_TYPES = {
    "call.queued": "A call is in line to be dialled: at once, or now that its time has come.",
    "call.ringing": "The called phone rings.",
    "call.answered": "A call was answered, by whomever or whatever.",
    "call.ended": "An attempt to call is over, and the call with it if `is_last`.",
    "call.analyzed": "What came of an answered call is known: outcome, mood and a summary.",
    "call.recording_ready": "The recording of a call is kept: `GET` of the call gives an address.",
    "usage.threshold": "So many percent of what the plan allows in a billing cycle are used.",
    "campaign.state_changed": "A mail campaign began to mail, or ceased to: `reason` says why.",
    "campaign.completed": "All leads of a mail campaign have ended.",
    "lead.created": "A lead was pushed into a campaign.",
    "lead.researched": "What a lead's company says of itself was read, and its emails are written.",
    "lead.unsubscribed": "Whoever a lead is wants no more mail: nothing is sent to that address.",
    "lead.replied": "A person answered a mail to a lead: the rest of the sequence is not sent.",
    "lead.auto_replied": "A program answered for a lead: of an absence, `reply` says until when.",
    "lead.complained": "Whoever a lead is called a mail spam: nothing is sent to that address.",
    "lead.bounced": "A mail to a lead came back as there is no such reader: it is mailed no more.",
    "email.generated": "An email to a lead was written, the first time or anew.",
    "email.approved": "Somebody approved an email to a lead: it may be sent.",
    "email.sent": "An email was sent, or may have been: then its state is `unknown`.",
    "email.failed": "An email was not sent, and is not tried again: `reason` says why.",
    "link.created": "A short link was made.",
    "link.updated": "A short link was changed.",
    "link.deleted": "A short link was deleted: this is what it was.",
    "link.blocked": "The operator blocked a short link, or lets it lead on again.",
    "link.alert": "Somebody should look at a short link: it ends, is used up, or is not tracked.",
    "action.applied": "An action was applied to a short link, or undone: what it has changed.",
    "domain.verified": "A domain of short links was proven to be the workspace's.",
    "domain.failed": "A domain of short links is not proven any more: no link is made on it.",
    "mailbox.state_changed": "A mailbox may be mailed from, or not any more; `status` says it.",
    "webhook.failing": "An endpoint has failed several times in a row; the others are told.",
    "webhook.delivery_exhausted": "An event was not delivered in its time; the others are told.",
    "webhook.disabled": "An endpoint was disabled, since it takes nothing; the others are told.",
    "ping": "A test, sent only when it is asked for.",
}


def known(event_type: str) -> str:
    if event_type not in EVENT_TYPES:
        raise PydanticCustomError("event_type", "must name a type of the event catalogue")
    return event_type


def known_or_every(event_type: str) -> str:
    return event_type if event_type == EVERY else known(event_type)


def _one_of(*types: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(types)}


EventType = Annotated[str, AfterValidator(known), WithJsonSchema(_one_of(*EVENT_TYPES))]
EventTypes = Annotated[
    list[
        Annotated[str, AfterValidator(known_or_every), WithJsonSchema(_one_of(EVERY, *EVENT_TYPES))]
    ],
    Field(min_length=1, max_length=100),
    AfterValidator(lambda types: sorted(set(types))),
]


def is_wanted(event_type: str, types: list[str]) -> bool:
    return EVERY in types or event_type in types
