"""What the template keeps things in, and the environment of its functions."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import boto3
import httpx
import urllib3

from linkwright import aws, expressions, settings, table
from linkwright.client import core
from linkwright.table import Item, Key
from tests import carrier, nameserver, planted, processes
from tools.template import template

REGION = "us-east-1"
PREFIX = "test"
MAIL_FROM = "notices@linkwright.test"
# As the sample of its worker has it.
FEEDBACK_TOPIC = f"arn:aws:sns:{REGION}:123456789012:linkwright-FeedbackTopic"
CONFIGURATION_SET = "campaign-mails"
# That webhooks may be sent to; it is not there, so nothing arrives.
OWN_QUEUE = f"arn:aws:sqs:{REGION}:000000000000:own"
# Where domains of workspaces are to lead.
DOMAIN_TARGET = "links.linkwright.example"
_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "BillingMode",
)


class Stack:
    """What the template declares, made somewhere: physical names by logical id.

    The methods are what a test does from outside, and no function.
    """

    endpoint: str
    names: Mapping[str, str]

    def rows(self, name: str, workspace: str = "") -> list[Item]:
        """All that is in a table, or all of a workspace in both modes."""
        raise NotImplementedError

    def put(self, name: str, *items: Item) -> None:
        raise NotImplementedError

    def delete(self, name: str, *keys: Key) -> None:
        raise NotImplementedError

    def received(self, queue: str, workspace: str) -> list[str]:
        """Take the workspace's messages off a queue; those of others stay."""
        raise NotImplementedError

    def keep_secret(self, text: str) -> None:
        raise NotImplementedError

    def opened(self, url: str) -> tuple[str, bytes]:
        """Type and content of what an address shows to whoever has it."""
        raise NotImplementedError

    def letters(self, to: str) -> list[tuple[str, str]]:
        """Subject and text of each mail to an address, the oldest first."""
        raise NotImplementedError

    def empty(self) -> None:
        """Empty the tables and the queues."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "STAGE": "local",
            "CORE_TABLE": self.names["CoreTable"],
            "ACCESS_TABLE": self.names["AccessTable"],
            "IDEM_TABLE": self.names["IdemTable"],
            "CLICKS_TABLE": self.names["ClicksTable"],
            "METRICS_TABLE": self.names["MetricsTable"],
            "LEDGER_TABLE": self.names["LedgerTable"],
            "DIAL_QUEUE_URL": self.names["DialQueue"],
            "EVENT_QUEUE_URL": self.names["EventQueue"],
            "FOLLOW_UP_QUEUE_URL": self.names["FollowUpQueue"],
            "WORKSPACE_QUEUE_URL": self.names["WorkspaceQueue"],
            "WEBHOOK_QUEUE_URL": self.names["WebhookQueue"],
            "DIGEST_QUEUE_URL": self.names["DigestQueue"],
            "RESEARCH_QUEUE_URL": self.names["ResearchQueue"],
            "MAIL_QUEUE_URL": self.names["MailQueue"],
            "RUN_QUEUE_URL": self.names["RunQueue"],
            "MAILBOX_QUEUE_URL": self.names["MailboxQueue"],
            "WEBHOOK_ARNS": OWN_QUEUE,
            "MEDIA_BUCKET": self.names["MediaBucket"],
            "SECRET_ARN": self.names["Secret"],
            "KMS_KEY_ARN": self.names["SealingKey"],
            "MAIL_FROM": MAIL_FROM,
            "FEEDBACK_TOPIC_ARN": FEEDBACK_TOPIC,
            "PUBLIC_URL": carrier.PUBLIC_URL,
            "API_URL": carrier.PUBLIC_URL,
            # So that no test waits for its turn, but those of the pace.
            "DIALS_PER_SECOND": "1000",
            "DNS_SERVERS": nameserver.server().address,
            "DOMAIN_TARGETS": DOMAIN_TARGET,
            "CORS_ORIGINS": "https://app.example.com",
            "DOCS_URL": "https://docs.example.com/errors",
        }


def is_of(message: str, workspace: str) -> bool:
    return f"#{workspace}" in str(json.loads(message)["pk"])


def use(stack: Stack) -> None:
    """Point the layer, which reads its environment once, at the stack."""
    os.environ.update(stack.environment())
    settings.settings.cache_clear()
    table.driver.cache_clear()
    aws.sqs.cache_clear()
    aws.s3.cache_clear()
    aws.kms.cache_clear()
    aws.ses.cache_clear()
    aws.secrets_manager.cache_clear()
    processes.forget()


@contextmanager
def in_place_of(stack: Stack, other: Stack) -> Iterator[Stack]:
    """The layer at another stack for a while."""
    use(other)
    yield other
    use(stack)


def declared(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Logical id and properties of each resource of a kind."""
    for logical_id, resource in template()["Resources"].items():
        if resource["Type"] == f"AWS::{kind}":
            yield logical_id, resource.get("Properties", {})


class EmulatedStack(Stack):
    """On an emulator; the names begin with a prefix."""

    def __init__(self, endpoint: str, prefix: str = PREFIX) -> None:
        self.endpoint = endpoint
        self._prefix = prefix
        self.driver: Any = core.DynamoDBClient(endpoint_url=endpoint)
        self._dynamodb, self._sqs = self.client("dynamodb"), self.client("sqs")
        self._secrets = self.client("secretsmanager")
        self._http = urllib3.PoolManager()
        self._bodies: defaultdict[str, list[str]] = defaultdict(list)
        self.client("ses").verify_domain_identity(Domain=MAIL_FROM.partition("@")[2])
        self.names = {
            **self._tables(),
            **self._queues(),
            **self._buckets(),
            **self._kept_secrets(),
            **self._keys(),
        }

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION, endpoint_url=self.endpoint)

    def rows(self, name: str, workspace: str = "") -> list[Item]:
        wanted = {"filter_expression": "contains(#pk, :of)"} if workspace else {}
        bound = {"of": f"#{workspace}"} if workspace else None
        found: list[Item] = []
        start = None
        while True:
            rows, start, _ = self.driver.sync_scan_page(
                self.names[name],
                exclusive_start_key=start,
                consistent_read=True,
                **wanted,
                **expressions.placeholders(*wanted.values(), values=bound),
            )
            found += rows
            if start is None:
                return found

    def put(self, name: str, *items: Item) -> None:
        self.driver.sync_batch_write(self.names[name], list(items), [])

    def delete(self, name: str, *keys: Key) -> None:
        gone = [key.attributes() for key in keys]
        self.driver.sync_batch_write(self.names[name], [], gone)

    def received(self, queue: str, workspace: str) -> list[str]:
        url, bodies = self.names[queue], self._bodies[queue]
        while batch := self._asked("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            bodies += [message["Body"] for message in batch]
            for message in batch:
                planted.look("a message", message["Body"])
            gone = [
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(batch)
            ]
            self._asked("DeleteMessageBatch", QueueUrl=url, Entries=gone)
        mine = [body for body in bodies if is_of(body, workspace)]
        # Those of other workspaces wait here: put back, each look would meet all of them again.
        self._bodies[queue] = [body for body in bodies if not is_of(body, workspace)]
        return mine

    def keep_secret(self, text: str) -> None:
        planted.plant(text)
        self._secrets.put_secret_value(SecretId=self.names["Secret"], SecretString=text)

    def opened(self, url: str) -> tuple[str, bytes]:
        answer = httpx.get(url).raise_for_status()
        return answer.headers["content-type"], answer.content

    def letters(self, to: str) -> list[tuple[str, str]]:
        kept = httpx.get(f"{self.endpoint}/_ministack/ses/messages").raise_for_status().json()
        # By account, of which there is one, or none yet.
        of_all = [one for account in kept["messages"].values() for one in account]
        return [(one["Subject"], one["BodyText"]) for one in of_all if to in one["To"]]

    def empty(self) -> None:
        for logical_id, _ in declared("DynamoDB::Table"):
            self._dynamodb.delete_table(TableName=self.names[logical_id])
        self._tables()
        for logical_id, _ in declared("SQS::Queue"):
            # A purge is allowed once a minute.
            self._sqs.delete_queue(QueueUrl=self.names[logical_id])
        self._queues()
        self._bodies.clear()

    def _asked(self, operation: str, **wanted: object) -> dict[str, Any]:
        """Of SQS, by the bare request: boto3 takes longer for it than the emulator."""
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"AmazonSQS.{operation}",
        }
        body = json.dumps(wanted)
        answer = self._http.request("POST", self.endpoint, body=body, headers=headers)
        assert answer.status == HTTPStatus.OK, answer.data
        told: dict[str, Any] = answer.json()
        return told

    # ---- making it ------------------------------------------------------------------------------

    def _name(self, logical_id: str) -> str:
        return f"{self._prefix}-{logical_id}"

    def _tables(self) -> dict[str, str]:
        names = {}
        for logical_id, properties in declared("DynamoDB::Table"):
            wanted = {key: properties[key] for key in _TABLE_PROPERTIES if key in properties}
            names[logical_id] = self._name(logical_id)
            self._dynamodb.create_table(TableName=names[logical_id], **wanted)
        return names

    def _queues(self) -> dict[str, str]:
        return {
            logical_id: self._sqs.create_queue(QueueName=self._name(logical_id))["QueueUrl"]
            for logical_id, _ in declared("SQS::Queue")
        }

    def _buckets(self) -> dict[str, str]:
        # A bucket's name has no capitals.
        names = {one: self._name(one).lower() for one, _ in declared("S3::Bucket")}
        for name in names.values():
            self.client("s3").create_bucket(Bucket=name)
        return names

    def _kept_secrets(self) -> dict[str, str]:
        return {
            logical_id: self._secrets.create_secret(
                Name=self._name(logical_id), SecretString=carrier.SECRET
            )["ARN"]
            for logical_id, _ in declared("SecretsManager::Secret")
        }

    def _keys(self) -> dict[str, str]:
        return {
            logical_id: self.client("kms").create_key()["KeyMetadata"]["Arn"]
            for logical_id, _ in declared("KMS::Key")
        }
