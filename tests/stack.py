"""What the template keeps things in, on an emulator, and the environment of its functions."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
from werkzeug.serving import make_server

from linkwright import aws, settings, table, vault
from tests import carrier
from tools.local_cloud import start_ministack
from tools.template import template

REGION = "us-east-1"
PREFIX = "test"
_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "BillingMode",
)


@dataclass(frozen=True)
class Stack:
    """What the template declares, made on an emulator: physical names by logical id."""

    endpoint: str
    names: Mapping[str, str]

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION, endpoint_url=self.endpoint)

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "STAGE": "local",
            "CORE_TABLE": self.names["CoreTable"],
            "ACCESS_TABLE": self.names["AccessTable"],
            "IDEM_TABLE": self.names["IdemTable"],
            "DIAL_QUEUE_URL": self.names["DialQueue"],
            "EVENT_QUEUE_URL": self.names["EventQueue"],
            "FOLLOW_UP_QUEUE_URL": self.names["FollowUpQueue"],
            "MEDIA_BUCKET": self.names["MediaBucket"],
            "SECRET_ARN": self.names["Secret"],
            "PUBLIC_URL": carrier.PUBLIC_URL,
            # So that no test waits for its turn, but those of the pace.
            "DIALS_PER_SECOND": "1000",
            "CORS_ORIGINS": "https://app.example.com",
            "DOCS_URL": "https://docs.example.com/errors",
        }


@contextmanager
def ministack(directory: Path) -> Iterator[str]:
    with start_ministack(directory) as emulator:
        yield emulator.endpoint_url


@contextmanager
def moto_server() -> Iterator[str]:
    """moto behind HTTP, one request at a time: it is not safe under threads."""
    from moto.core.model_instances import reset_model_data
    from moto.server import DomainDispatcherApplication, create_backend_app

    moto = DomainDispatcherApplication(create_backend_app)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Each copy that its transactions make of a table is kept in a list, which nothing needs.
        reset_model_data()
        answer: Iterable[bytes] = moto(environ, start_response)
        return answer

    server = make_server("127.0.0.1", 0, app, threaded=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def deploy(endpoint: str, prefix: str) -> Stack:
    """Make what the template keeps things in; the names begin with the prefix."""
    names: dict[str, str] = {}
    stack = Stack(endpoint, names)
    sqs, s3 = (stack.client(service) for service in ("sqs", "s3"))
    for logical_id, resource in template()["Resources"].items():
        name = f"{prefix}-{logical_id}"
        if resource["Type"] == "AWS::DynamoDB::Table":
            _make_table(stack, name, resource["Properties"])
            names[logical_id] = name
        elif resource["Type"] == "AWS::SQS::Queue":
            names[logical_id] = sqs.create_queue(QueueName=name)["QueueUrl"]
        elif resource["Type"] == "AWS::S3::Bucket":
            names[logical_id] = name.lower()
            s3.create_bucket(Bucket=names[logical_id])
        elif resource["Type"] == "AWS::SecretsManager::Secret":
            made = stack.client("secretsmanager").create_secret(
                Name=name, SecretString=carrier.SECRET
            )
            names[logical_id] = made["ARN"]
    return stack


def _make_table(stack: Stack, name: str, properties: Mapping[str, Any]) -> None:
    wanted = {key: properties[key] for key in _TABLE_PROPERTIES if key in properties}
    stack.client("dynamodb").create_table(TableName=name, **wanted)


def empty(stack: Stack) -> None:
    """Empty the tables and the queues."""
    dynamodb, sqs = stack.client("dynamodb"), stack.client("sqs")
    for logical_id, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            dynamodb.delete_table(TableName=stack.names[logical_id])
            _make_table(stack, stack.names[logical_id], resource["Properties"])
        elif resource["Type"] == "AWS::SQS::Queue":
            # A purge is allowed once a minute.
            sqs.delete_queue(QueueUrl=stack.names[logical_id])
            sqs.create_queue(QueueName=f"{PREFIX}-{logical_id}")


def use(stack: Stack) -> None:
    """Point the layer, which reads its environment once, at the stack."""
    os.environ.update(stack.environment())
    settings.settings.cache_clear()
    table.driver.cache_clear()
    aws.sqs.cache_clear()
    aws.s3.cache_clear()
    aws.secrets_manager.cache_clear()
    vault.vault.cache_clear()
