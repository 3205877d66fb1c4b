"""Where the layer meets what the simulation stands for: time, chance and AWS."""

import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import UUID

import pytest

from linkwright import aws, clock, ids, jobs, observability, retries, settings, table, transaction
from linkwright.webhooks import deliverer
from tests import carrier, processes
from tests.simulation import network
from tests.simulation.clockwork import Scheduler
from tests.simulation.cloud import Cloud
from tests.simulation.network import Network
from tests.simulation.tables import Tables
from tools.template import template

# A sweep asks each shard: two show all that eight would.
_SHARDS = 2

ENVIRONMENT = {
    "STAGE": "local",
    "CORE_TABLE": "CoreTable",
    "ACCESS_TABLE": "AccessTable",
    "IDEM_TABLE": "IdemTable",
    "CLICKS_TABLE": "ClicksTable",
    "METRICS_TABLE": "MetricsTable",
    "LEDGER_TABLE": "LedgerTable",
    "DIAL_QUEUE_URL": "DialQueue",
    "EVENT_QUEUE_URL": "EventQueue",
    "FOLLOW_UP_QUEUE_URL": "FollowUpQueue",
    "WORKSPACE_QUEUE_URL": "WorkspaceQueue",
    "WEBHOOK_QUEUE_URL": "WebhookQueue",
    "DIGEST_QUEUE_URL": "DigestQueue",
    "RESEARCH_QUEUE_URL": "ResearchQueue",
    "MAIL_QUEUE_URL": "MailQueue",
    "RUN_QUEUE_URL": "RunQueue",
    "MEDIA_BUCKET": "media",
    "SECRET_ARN": "Secret",
    "KMS_KEY_ARN": "SealingKey",
    "MAIL_FROM": "notices@linkwright.test",
    "PUBLIC_URL": carrier.PUBLIC_URL,
    "DOCS_URL": "",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@contextmanager
def layer(
    environment: Mapping[str, str],
    scheduler: Scheduler,
    net: Network,
    tables: Tables,
    cloud: Cloud,
    chance: random.Random,
) -> Iterator[pytest.MonkeyPatch]:
    driver = net.connect(tables, network.dynamodb)
    services = {
        # A mail is asked for once: it may be out, although nobody said so.
        name: net.connect(cloud, network.service(name), resends=name != "ses")
        for name in ("sqs", "s3", "secrets_manager", "kms", "ses")
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        forget()
        patch.setattr(table, "driver", lambda: driver)
        patch.setattr(transaction, "driver", lambda: driver)
        for name, client in services.items():
            patch.setattr(aws, name, lambda client=client: client)
        for module in (table, transaction, retries, deliverer):
            patch.setattr(module, "random", chance)
        patch.setattr(transaction, "uuid4", lambda: UUID(int=chance.getrandbits(128)))
        patch.setattr(clock, "now", lambda: scheduler.now)
        patch.setattr(clock, "sleep", net.pass_time)
        patch.setattr(clock, "monotonic", lambda: scheduler.now.timestamp())
        patch.setattr(ids, "secrets", SimpleNamespace(randbits=chance.getrandbits))
        patch.setattr(ids, "_newest", 0)
        patch.setattr(jobs, "DUE_SHARDS", _SHARDS)
        patch.setattr(retries, "put_off", cloud.noting(retries.put_off))
        patch.setattr(observability, "write", lambda _: None)
        logging.disable()
        try:
            yield patch
        finally:
            logging.disable(logging.NOTSET)
            forget()


def forget() -> None:
    """What a process reads once."""
    settings.settings.cache_clear()
    processes.forget()


def names() -> dict[str, str]:
    """Everything is deployed under its own name."""
    return {name: name for name in template()["Resources"]}
