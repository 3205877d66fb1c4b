"""The sample events of events/, and the workspace they are of: that of the demo, in test mode."""

import json
from functools import cache
from typing import Any

from linkwright.voice import agents
from linkwright.workspace import settings
from tests.factories import Workspace
from tools.demo import AGENT_ID, EVERYTHING
from tools.template import ROOT, Function
from tools.workspace import ensure_workspace

PLACEHOLDER = "lk_test_REPLACE_ME"


@cache
def demo() -> Workspace:
    """Made once; what a sample event names must exist."""
    workspace = Workspace(ensure_workspace("ws_demo", "Demo", "pro", settings.OFF), mode="test")
    if agents.find(workspace.partition, AGENT_ID) is None:
        workspace.agent(id=AGENT_ID)
    workspace.client = workspace.client_with(EVERYTHING)
    return workspace


def sample(function: Function) -> dict[str, Any]:
    """A function's event, with a token that works in place of the placeholder."""
    text = (ROOT / "events" / function.folder / f"{function.file}.json").read_text()
    event: dict[str, Any] = json.loads(text.replace(PLACEHOLDER, str(demo().client.token)))
    return event
