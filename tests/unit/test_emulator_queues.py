"""What MiniStack keeps of its queues between two starts."""

import time

import pytest
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import sqs

from tools.local_cloud import emulator_patches


def test_the_next_start_waits_for_nobody_who_ended_with_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """But for as long as a message was to be held back; and not all are handed out at once."""
    monkeypatch.setattr(sqs, "load_persisted_state", sqs.load_persisted_state)
    monkeypatch.setattr(sqs, "_queues", AccountRegionScopedDict())
    later, kept = time.time() + 360, AccountRegionScopedDict()
    messages = [{"receive_count": n, "visible_at": later} for n in (1, 0, 2)]
    kept["http://localhost:4566/000000000000/work"] = {"messages": messages}
    emulator_patches.hand_out_anew()
    sqs.load_persisted_state({"queues": kept})
    [(_, queue)] = sqs._queues.all_items()
    first, held_back, second = (message["visible_at"] for message in queue["messages"])
    assert first <= time.time()
    assert held_back == later
    assert second - first == pytest.approx(0.5)
