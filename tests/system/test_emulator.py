"""What is put right in the ministack, held on the ministack, with functions made for it."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.system import processes
from tools.local_cloud import front_door
from tools.local_cloud.deployment import session
from tools.local_cloud.emulator import Emulator, start_ministack
from tools.local_cloud.emulator_streams import RETRIES

IDLE_S = 1
API_URL = "http://127.0.0.1:8000"
PATIENCE_S = 90.0
ROLE = "arn:aws:iam::000000000000:role/any"
ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""
# Reports the record that is called bad, unless its batch begins with it.
READER = """
import json

def handler(event, context):
    records = [record["dynamodb"] for record in event["Records"]]
    print("READ", json.dumps([record["Keys"]["pk"]["S"] for record in records]))
    bad = [one["SequenceNumber"] for one in records[1:] if one["Keys"]["pk"]["S"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in bad]}
"""
# Reports the record that is called poison, whenever it gets it.
VICTIM = """
import json

def handler(event, context):
    records = [record["dynamodb"] for record in event["Records"]]
    print("READ", json.dumps([record["Keys"]["pk"]["S"] for record in records]))
    bad = [one["SequenceNumber"] for one in records if one["Keys"]["pk"]["S"] == "poison"]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in bad[:1]]}
"""


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    directory = tmp_path_factory.mktemp("emulator")
    with start_ministack(directory, idle_seconds=IDLE_S, api_url=API_URL) as ministack:
        yield ministack


@pytest.fixture(scope="module")
def api(ministack: Emulator) -> Iterator[httpx.Client]:
    """A function that answers with its event, behind an API and the front door."""
    api_id = _make_api(ministack, _make_function(ministack, "echo", ECHO))
    with (
        front_door.open_port(0) as listener,
        front_door.serve(listener, ministack.endpoint_url, api_id),
        httpx.Client(base_url=front_door.base_url(listener), timeout=PATIENCE_S) as http,
    ):
        yield http


def test_the_event_tells_cookies_the_client_and_the_domain(api: httpx.Client) -> None:
    headers = {"Cookie": "a=1; b=2", "Host": "links.example:8000"}
    event = api.get("/any", headers=headers).json()
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["headers"]["host"] == "links.example:8000"
    assert event["requestContext"]["domainName"] == "links.example"


def test_no_cookies_where_none_were_sent(api: httpx.Client) -> None:
    event = api.get("/any").json()
    assert event["rawPath"] == "/any"
    assert "cookies" not in event


def test_clients_are_told_apart_and_none_can_be_another(api: httpx.Client) -> None:
    lies = {"X-Forwarded-For": "192.0.2.1", front_door.CLIENT_HEADER: "192.0.2.2"}
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.77")) as other:
        event = other.get(f"{api.base_url}/any", headers=lies).json()
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.77"
    assert event["headers"]["x-forwarded-for"] == "192.0.2.1, 127.0.0.77"
    assert front_door.CLIENT_HEADER not in event["headers"]


def test_the_method_options_reaches_a_function(api: httpx.Client) -> None:
    event = api.options("/any").json()
    assert event["requestContext"]["http"]["method"] == "OPTIONS"


def test_a_function_is_told_where_the_api_is_now(ministack: Emulator) -> None:
    """Whatever it was deployed with: the front door may have another port."""
    code = "import os\n\ndef handler(event, context):\n    return os.environ['API_URL']\n"
    deployed = {"Variables": {"API_URL": "https://deployed.example"}}
    _make_function(ministack, "where", code, Environment=deployed)
    answer = _client(ministack, "lambda").invoke(FunctionName="where")
    assert json.load(answer["Payload"]) == API_URL


def test_a_worker_ends_when_nobody_needs_it_and_another_takes_its_place(
    ministack: Emulator, api: httpx.Client
) -> None:
    def workers() -> set[int]:
        return processes.tree(ministack.process.pid) - {ministack.process.pid}

    for _ in range(2):
        assert api.get("/any").status_code == 200
        assert workers()
        _wait_until(lambda: not workers())


def test_a_stream_goes_on_from_the_record_that_was_reported(ministack: Emulator) -> None:
    _make_reader(ministack, "reader", READER, "first", "bad", "last")
    _wait_until(lambda: len(_read(ministack, "reader")) == 2)
    _put(ministack, "reader", "later")
    _wait_until(lambda: len(_read(ministack, "reader")) == 3)
    assert _read(ministack, "reader") == [["first", "bad", "last"], ["bad", "last"], ["later"]]


@pytest.mark.parametrize(("said", "tries"), [({}, RETRIES), ({"MaximumRetryAttempts": 2}, 2)])
def test_a_record_that_never_passes_ends_among_the_dead_letters(
    ministack: Emulator, said: dict[str, int], tries: int
) -> None:
    name = f"victim-{tries}"
    sqs = _client(ministack, "sqs")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    _make_reader(
        ministack,
        name,
        VICTIM,
        *("first", "poison", "last"),
        DestinationConfig={"OnFailure": {"Destination": arn["QueueArn"]}},
        **said,
    )
    found: list[dict[str, Any]] = []

    def is_told() -> bool:
        found.extend(sqs.receive_message(QueueUrl=dead).get("Messages", []))
        return bool(found)

    _wait_until(is_told)
    (told,) = (json.loads(message["Body"]) for message in found)
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    _wait_until(lambda: ["last"] in _read(ministack, name))
    first, *again, last = _read(ministack, name)
    assert (first, last) == (["first", "poison", "last"], ["last"])
    # A try whose worker did not start in time is one too, and reads nothing.
    assert again == [["poison", "last"]] * len(again)
    assert tries / 2 <= len(again) <= tries


def _make_reader(ministack: Emulator, name: str, code: str, *items: str, **source: Any) -> None:
    """A table with these items, and a function that reads its stream from the first of them."""
    made = _client(ministack, "dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    for item in items:
        _put(ministack, name, item)
    _client(ministack, "logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    _client(ministack, "lambda").create_event_source_mapping(
        EventSourceArn=made["LatestStreamArn"],
        FunctionName=_make_function(ministack, name, code),
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        **source,
    )


def _put(ministack: Emulator, table: str, item: str) -> None:
    _client(ministack, "dynamodb").put_item(TableName=table, Item={"pk": {"S": item}})


def _make_function(ministack: Emulator, name: str, code: str, **more: Any) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("made.py", code)
    made = _client(ministack, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="made.handler",
        Code={"ZipFile": packed.getvalue()},
        **more,
    )
    return str(made["FunctionArn"])


def _make_api(ministack: Emulator, function: str) -> str:
    gateway = _client(ministack, "apigatewayv2")
    api_id = gateway.create_api(Name="made", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function,
        PayloadFormatVersion="2.0",
    )
    target = f"integrations/{integration['IntegrationId']}"
    gateway.create_route(ApiId=api_id, RouteKey="$default", Target=target)
    return str(api_id)


def _read(ministack: Emulator, name: str) -> list[list[str]]:
    """The batches that a function was given, by its log."""
    events = _client(ministack, "logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")
    said = [line["message"].strip().partition("READ ")[2] for line in events["events"]]
    return [json.loads(text) for text in said if text]


def _client(ministack: Emulator, service: str) -> Any:
    return session().client(service, endpoint_url=ministack.endpoint_url)


def _wait_until(true: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up_at, f"not within {PATIENCE_S} s"
        time.sleep(0.1)


def test_an_alarm_of_some_metrics_is_made(ministack: Emulator) -> None:
    """By CloudFormation, and of the first of them: the emulator adds up none."""
    metrics = [
        {"Id": "late", "Expression": "(a > 900) + (b > 900)"},
        *(
            {
                "Id": name,
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/SQS", "MetricName": f"age-of-{name}"},
                    "Stat": "Maximum",
                    "Period": 300,
                },
            }
            for name in ("a", "b")
        ),
    ]
    about = {"EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {**about, "Metrics": metrics}}
    stacks = _client(ministack, "cloudformation")
    body = json.dumps({"Resources": {"QueueAge": alarm}})
    stacks.create_stack(StackName="alarms", TemplateBody=body)
    stacks.get_waiter("stack_create_complete").wait(StackName="alarms")
    made = _client(ministack, "cloudwatch").describe_alarms()["MetricAlarms"]
    assert [(one["MetricName"], one["Period"]) for one in made] == [("age-of-a", 300)]
