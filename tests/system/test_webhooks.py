"""Webhooks over HTTP: what is sent verifies, and who hangs holds up nobody else."""

import json
import time

import pytest
from standardwebhooks import Webhook as Verifier

from benchmarks.webhooks import happen, listening, receiving, waited
from tests.system.conftest import Api
from tools.local_cloud.cloud import Cloud

EVENTS = 500
WITHIN_S = 540.0


@pytest.mark.longest
@pytest.mark.timeout(1_500)
def test_all_events_arrive_while_another_endpoint_hangs(cloud: Cloud) -> None:
    with (
        receiving(hangs=False) as healthy,
        receiving(hangs=True) as hanging,
        listening(cloud, hanging, healthy) as (_, endpoint),
    ):
        wanted = happen(cloud, EVENTS)
        waited(healthy, wanted, WITHIN_S)
        assert healthy.ids == wanted
        assert hanging.messages
        # The newest: a receiver refuses what was signed five minutes ago.
        for headers, body in healthy.messages[-3:]:
            assert Verifier(endpoint["secret"]).verify(body, headers)["id"] in wanted


def test_a_thin_event_says_where_the_whole_one_is(api: Api) -> None:
    with receiving(hangs=False) as receiver:
        wanted = {"url": receiver.url, "events": ["ping"], "payload": "thin"}
        path = f"/v1/webhooks/{api.send('POST', '/v1/webhooks', json=wanted).json()['id']}"
        assert api.send("POST", f"{path}/test", json={}).status_code == 202
        give_up_at = time.monotonic() + 60
        while not receiver.messages and time.monotonic() < give_up_at:
            time.sleep(0.2)
        assert api.send("DELETE", path).status_code == 204
    ((_, body),) = receiver.messages
    event = json.loads(body)
    found = api.send("GET", event["data"].pop("url"))
    assert found.json() == event | {"data": {"object": {"message": "It works."}}}
