"""The sample events of events/, and the workspace they are of: that of the demo, in test mode."""

import json
from base64 import b64decode, b64encode
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from linkwright.voice import agents
from linkwright.workspace import settings
from tests import webhooks
from tests.carrier import PUBLIC_URL
from tests.factories import Workspace
from tests.integration.signed import SIGNATURE, TOKENS, sign
from tools.demo import AGENT_ID, EVERYTHING
from tools.template import ROOT, Function
from tools.workspace import ensure_workspace

PLACEHOLDER = "lk_test_REPLACE_ME"
# The call at the carrier that the samples of callbacks name.
SID = f"CA{'0' * 32}"


@cache
def demo() -> Workspace:
    """Made once; what a sample event names must exist."""
    workspace = Workspace(ensure_workspace("ws_demo", "Demo", "pro", settings.OFF), mode="test")
    if agents.find(workspace.partition, AGENT_ID) is None:
        workspace.agent(id=AGENT_ID)
    workspace.client = workspace.client_with(EVERYTHING)
    return workspace


def sample(function: Function, sid: str = SID) -> dict[str, Any]:
    """A function's event, with what works in place of the placeholders: a token, or a signature."""
    text = (ROOT / "events" / function.folder / f"{function.file}.json").read_text()
    text = text.replace(PLACEHOLDER, str(demo().client.token))
    event: dict[str, Any] = json.loads(text)
    if webhooks.is_one(event.get("rawPath", "")):
        return webhooks.resigned(event)
    return _signed(event, sid) if SIGNATURE.lower() in event.get("headers", {}) else event


def _signed(event: dict[str, Any], sid: str) -> dict[str, Any]:
    body = b64decode(event["body"]).decode().replace(SID, sid)
    form = parse_qsl(body, strict_parsing=True)
    signature = sign(PUBLIC_URL + event["rawPath"], form, TOKENS[demo().mode])
    headers = event["headers"] | {SIGNATURE.lower(): signature}
    return event | {"headers": headers, "body": b64encode(body.encode()).decode()}
