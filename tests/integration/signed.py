"""Requests as the carrier makes them: forms, signed by Twilio's own validator."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from twilio.request_validator import RequestValidator

from linkwright.table import Item
from linkwright.voice.calls import items
from tests import carrier
from tests.client import Answer, Client
from tests.factories import Workspace
from tools.carrier.twiml import parse

Fields = list[tuple[str, str]]

TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
SIGNATURE = "X-Twilio-Signature"
TOKENS = {
    mode: str(json.loads(carrier.SECRET)[account]["auth_token"])
    for mode, account in (("live", "carrier"), ("test", "carrier_test"))
}
# What each kind of callback says besides the call that it is about.
FORMS: Mapping[str, Fields] = {
    "answer": [("CallStatus", "in-progress")],
    "turn": [("SpeechResult", "כן, בבקשה."), ("Confidence", "0.91")],
    "transfer": [("DialCallStatus", "completed"), ("DialCallDuration", "42")],
    "status": [("CallStatus", "ringing"), ("SequenceNumber", "1")],
    "machine": [("AnsweredBy", "human")],
    "recording": [("RecordingStatus", "completed"), ("RecordingSid", f"RE{'5' * 32}")],
}


class _Form(dict[str, list[str]]):
    """A form in which a name may come twice, as Twilio's validator takes it."""

    getall = dict.__getitem__


def sign(url: str, fields: Fields, token: str) -> str:
    form = _Form()
    for name, value in fields:
        form.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(url, form))


@dataclass(frozen=True)
class Signed:
    """A form on its way to one of our paths. Signed is what it is made with, whatever is sent."""

    path: str
    fields: Fields
    token: str

    @property
    def url(self) -> str:
        """Where the carrier was told to send it."""
        return carrier.PUBLIC_URL + self.path

    @cached_property
    def signature(self) -> str:
        return sign(self.url, self.fields, self.token)

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": TYPE, SIGNATURE: self.signature}

    def send(
        self,
        *,
        path: str | None = None,
        fields: Fields | None = None,
        body: str | None = None,
        signature: str | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        """Something else may arrive than what was signed."""
        sent = self.headers | ({} if signature is None else {SIGNATURE: signature})
        return Client().request(
            "POST",
            path or self.path,
            body=urlencode(self.fields if fields is None else fields) if body is None else body,
            headers=sent | dict(headers or {}),
            **options,
        )


def about(partition: str, call_id: str, kind: str, sid: str, **fields: str) -> Signed:
    """A callback about the first attempt of a call; `fields` change what its form says."""
    name, _, turn = kind.partition("/")
    path = f"/callbacks/twilio/{partition}/{call_id}/1/{name}{f'/{turn}' if turn else ''}"
    said = dict([("CallSid", sid), *FORMS[name]]) | fields
    mode = "test" if partition.endswith(".test") else "live"
    return Signed(path, list(said.items()), TOKENS[mode])


class Dialled:
    """A call of ours that was just dialled; of what became of it, nothing is told yet."""

    def __init__(self, workspace: Workspace, **agent: object) -> None:
        self.workspace = workspace
        self.id = str(workspace.place(workspace.agent(**agent)).json["id"])
        workspace.dial(self.id)
        self.placed = carrier.current().call(self.id)

    def signed(self, kind: str, **fields: str) -> Signed:
        return about(self.workspace.partition, self.id, kind, self.placed.sid, **fields)

    def tell(self, kind: str, **fields: str) -> Answer:
        return self.signed(kind, **fields).send()

    def show(self) -> Item:
        return self.workspace.call(self.id)

    @property
    def item(self) -> Item:
        found = items.find(self.workspace.partition, self.id)
        assert found is not None
        return found


def verbs(answer: Answer) -> list[Element]:
    """What an answer has the carrier do; it can do all of it."""
    assert answer.status == 200
    document = parse(answer.raw.encode(), answer.headers["Content-Type"], carrier.PUBLIC_URL)
    assert document.warnings == []
    return document.verbs
