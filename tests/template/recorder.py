"""Which AWS actions each function uses: at the seam of the table's client, and in boto3's events.

The emulators grant everything, so that a missing right would show on AWS only.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from pydynox import pydynox_core

from linkwright import aws, media, table
from linkwright.providers import llm_bedrock
from linkwright.settings import settings
from tests import client, processes, rights, switchboard
from tests.stack import REGION, Stack
from tools.template import Function

# boto3's operations: the action that IAM knows, and the parameter that names the resource.
OPERATIONS = {
    ("s3", "DeleteObject"): ("s3:DeleteObject", "Bucket"),
    ("s3", "GetObject"): ("s3:GetObject", "Bucket"),
    ("s3", "PutObject"): ("s3:PutObject", "Bucket"),
    ("bedrock-runtime", "Converse"): ("bedrock:InvokeModel", "modelId"),
}
GLOBAL = "global."
# Which identity is a parameter's to say: an address, or its domain.
IDENTITIES = "arn:aws:ses:${AWS::Region}:${AWS::AccountId}:identity/*"
# Who names one needs the right on it too.
CONFIGURATION_SET = "arn:aws:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/CampaignMails"


class Recorder:
    """What was used, by the file of the function that was running."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.used: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._logical_ids = {physical: logical for logical, physical in names.items()}
        self._running: str | None = None

    def record(self, action: str, physical_name: str, part: str | None = None) -> None:
        """`part` is an index of a table, or a folder of a bucket."""
        if self._running is not None:
            resource = self._logical_ids[physical_name] + (f"/{part}" if part else "")
            self.used[self._running].add((action, resource))

    def watched(self, function: Function, module: Any) -> SimpleNamespace:  # noqa: ANN401
        def handler(event: object, context: object) -> object:
            self._running = function.file
            # Read once per process, and on Lambda each function has one of its own.
            processes.forget()
            try:
                return module.handler(event, context)
            finally:
                self._running = None

        return SimpleNamespace(handler=handler)

    def note_boto3(self, params: Mapping[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        operation = (model.service_model.service_name, model.name)
        if self._running is None:
            return
        action, parameter = OPERATIONS[operation]
        if parameter == "modelId":
            asked = _of_a_model(params[parameter])
            self.used[self._running] |= {(action, resource) for resource in asked}
        else:
            self.record(action, params[parameter], _folder(params.get("Key")))

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: ANN401, N803
        self.record("secretsmanager:GetSecretValue", SecretId)
        return aws.SecretsManager().get_secret_value(SecretId=SecretId)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: ANN401, N803
        self.record("sqs:SendMessage", QueueUrl)
        return aws.SQS().send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    def generate_data_key(self, *, KeyId: str, **wanted: object) -> Any:  # noqa: ANN401, N803
        self.record("kms:GenerateDataKey", KeyId)
        return aws.KMS().generate_data_key(KeyId=KeyId, **wanted)

    def decrypt(self, *, KeyId: str, **wanted: object) -> Any:  # noqa: ANN401, N803
        self.record("kms:Decrypt", KeyId)
        return aws.KMS().decrypt(KeyId=KeyId, **wanted)

    def send_email(self, **wanted: object) -> Any:  # noqa: ANN401
        if self._running is not None:
            self.used[self._running].add(("ses:SendRawEmail", IDENTITIES))
            if "ConfigurationSetName" in wanted:
                self.used[self._running].add(("ses:SendRawEmail", CONFIGURATION_SET))
        return aws.SES().send_email(**wanted)

    def watched_link(self, link: Callable[[str], Any]) -> Callable[[str], Any]:
        """Whoever signs an address lends its own right to read."""

        def watched(key: str) -> Any:  # noqa: ANN401
            self.record("s3:GetObject", settings().media_bucket, _folder(key))
            return link(key)

        return watched


def _of_a_model(model_id: str) -> set[str]:
    """Both the profile and the model that it leads to, in whichever region, are asked for:
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html.
    """
    assert model_id.startswith(GLOBAL), "the model of one region has another right"
    profile = f"arn:aws:bedrock:${{AWS::Region}}:${{AWS::AccountId}}:inference-profile/{model_id}"
    return {profile, f"arn:aws:bedrock:*::foundation-model/{model_id.removeprefix(GLOBAL)}"}


def _folder(key: str | None) -> str | None:
    return f"{key.partition('/')[0]}/*" if key else None


class RecordingDriver:
    """The table's client. A call that is not listed here fails: it would need a right as well."""

    def __init__(self, driver: Any, recorder: Recorder) -> None:  # noqa: ANN401
        self._driver = driver
        self._record = recorder.record

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            for action, table_name, index in rights.asked(name, arguments, options):
                self._record(action, table_name, index)
            return getattr(self._driver, name)(*arguments, **options)

        return call


@contextmanager
def recording(stack: Stack) -> Iterator[Recorder]:
    """Record every call of every function that `tests.client` runs."""
    recorder = Recorder(stack.names)
    make_driver, load = pydynox_core.DynamoDBClient, client.load
    session = boto3.Session(region_name=REGION)
    session.events.register("provide-client-params.*.*", recorder.note_boto3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pydynox_core,
            "DynamoDBClient",
            lambda **options: RecordingDriver(make_driver(**options), recorder),
        )
        for caller in (client, switchboard):
            patch.setattr(caller, "load", lambda of: recorder.watched(of, load(of)))
        patch.setattr(boto3, "DEFAULT_SESSION", session)
        for service in ("kms", "secrets_manager", "ses", "sqs"):
            patch.setattr(aws, service, lambda: recorder)
        patch.setattr(media, "link", recorder.watched_link(media.link))
        _forget_clients()
        yield recorder
    _forget_clients()


def _forget_clients() -> None:
    table.driver.cache_clear()
    for made in (*vars(aws).values(), *vars(llm_bedrock).values()):
        if hasattr(made, "cache_clear"):
            made.cache_clear()
