"""A telephone carrier on loopback that speaks Twilio's protocol.

`start_carrier` serves the REST API for calls and recordings and calls back as Twilio does: signed
status callbacks, requests for TwiML, machine detection, recordings. The number decides who answers
(`callees.MAGIC`, or `Carrier.callees`), `Behaviour` what goes wrong. `python -m tools.carrier` runs
one by itself.

Left out: calls that come in, applications, media streams, conferences, queues, keys pressed, other
nouns of Dial than Number, the sound of Play, prices, retries and redirects of requests for TwiML.
"""

from tools.carrier.behaviour import Behaviour, Event, Fault, Operation
from tools.carrier.callees import (
    BUSY,
    FAILED,
    HUMAN,
    MAGIC,
    NO_ANSWER,
    SCREENING,
    VOICEMAIL,
    Callee,
    Kind,
    Outcome,
)
from tools.carrier.calls import Call, Turn
from tools.carrier.carrier import Account, Carrier, Request
from tools.carrier.errors import Alert
from tools.carrier.posts import Post
from tools.carrier.server import start_carrier
from tools.carrier.signatures import sign

__all__ = [
    "BUSY",
    "FAILED",
    "HUMAN",
    "MAGIC",
    "NO_ANSWER",
    "SCREENING",
    "VOICEMAIL",
    "Account",
    "Alert",
    "Behaviour",
    "Call",
    "Callee",
    "Carrier",
    "Event",
    "Fault",
    "Kind",
    "Operation",
    "Outcome",
    "Post",
    "Request",
    "Turn",
    "sign",
    "start_carrier",
]
