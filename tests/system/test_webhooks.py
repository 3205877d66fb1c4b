"""Webhooks over HTTP: what is sent verifies, and who hangs holds up nobody else."""

import pytest
from standardwebhooks import Webhook as Verifier

from benchmarks.webhooks import happen, listening, receiving, waited
from tools.local_cloud import Cloud

EVENTS = 500
WITHIN_S = 540.0


@pytest.mark.longest
@pytest.mark.timeout(600)
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
        for headers, body in healthy.messages[:3]:
            assert Verifier(endpoint["secret"]).verify(body, headers)["id"] in wanted
