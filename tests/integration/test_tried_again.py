"""What the carrier could not deliver it tries again, as our addresses ask; all is done once."""

from collections.abc import Callable

import pytest

from linkwright.providers.telephony import OVERRIDES
from linkwright.voice.agent_models import EscalationRule
from tests import carrier, models, pump
from tests.carrier import Exchange, about
from tests.factories import Workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tests.talks import TARGET, Talk
from tools.carrier.callees import BUSY

FAILED = Reply(503, "", b"")

Deliver = Callable[[Sent], Reply | None]


def _failing(
    kind: str, status: str, times: int, *, taken: bool, deliver: Deliver = deliver_to_functions
) -> Deliver:
    """So many of the requests about this fail: before they are taken, or after."""
    left = [times]

    def fail(sent: Sent) -> Reply | None:
        if about(sent) == kind and status in ("", sent.fields.get("CallStatus")) and left[0]:
            left[0] -= 1
            if taken:
                deliver(sent)
            return FAILED
        return deliver(sent)

    return fail


def test_every_address_that_the_carrier_has_asks_for_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.use(monkeypatch, models.Scripted({"say": "Yes.", "action": "escalate", "rule": 0}))
    rule = EscalationRule(when="wants a person", action="transfer", to=TARGET)
    carrier.current().live.callees[TARGET] = BUSY
    unasked = Talk(workspace, recording=True, recording_consent=False)
    order = unasked.call.order
    unasked.finish()
    talk = Talk(workspace, "Yes.", recording=True, language="en", escalation_rules=[rule]).finish()
    hooks = (order.page, order.fallback, order.status, order.detection_hook)
    assert order.recording is not None
    addresses = [hook.url for hook in (*hooks, order.recording.hook) if hook is not None]
    assert len(addresses) == 5
    for name in ("action", "recordingStatusCallback"):
        elements = [one for verbs in talk.verbs for verb in verbs for one in verb.iter()]
        addresses += [one.attrib[name] for one in elements if name in one.attrib]
    kinds = {address.rpartition("/1/")[2].partition("#")[0] for address in addresses}
    assert kinds == {"answer", "status", "machine", "recording", "turn/1", "transfer"}
    assert {address.partition("#")[2] for address in addresses} == {OVERRIDES}


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("times", [1, 3])
def test_an_end_that_was_not_taken_is_told_again(
    stack: Stack, workspace: Workspace, exchange: Exchange, times: int, taken: bool
) -> None:
    """Else it holds its agent's only place, and the minutes, until it is asked after."""
    exchange.deliver = _failing("status", "completed", times, taken=taken)
    agent = workspace.agent(concurrency=1)
    first, second = (workspace.place(agent).json["id"] for _ in range(2))
    pump.settle(stack, workspace.id)
    for call_id in (first, second):
        assert workspace.end_of(call_id) == ("completed", "agent_ended")
    assert pump.minutes(workspace.id) == (2, 2)


def test_an_end_that_was_never_taken_is_not_told(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    exchange.deliver = _failing("status", "completed", 4, taken=False)
    call_id = workspace.place(workspace.agent()).json["id"]
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id) == ("in_progress", None)


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("kind", ["answer", "turn"])
def test_a_page_that_is_asked_for_again_is_the_same_and_says_nothing_twice(
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    taken: bool,
) -> None:
    model = models.Scripted("Hm.", {"say": "Bye.", "action": "hang_up"})
    models.use(monkeypatch, model)
    talk = Talk(workspace, "One.", "Two.", language="en")
    exchange.deliver = _failing(kind, "", 2, taken=taken, deliver=talk.deliver)
    talk.finish()
    answer, first, second = list(dict.fromkeys(talk.pages))
    again = 2 * taken
    repeated = {answer: 1 + again * (kind == "answer"), first: 1 + again * (kind == "turn")}
    assert {page: talk.pages.count(page) for page in talk.pages} == repeated | {second: 1}
    assert talk.heard() == [text for who, text in talk.lines() if who == "agent"]
    assert talk.heard()[1:] == ["Hm.", "Bye."]
    # Thought about once, too.
    assert len(model.prompts) == 2
    assert talk.end() == ("completed", "agent_ended")
