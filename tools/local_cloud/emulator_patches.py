"""Where MiniStack differs from AWS in what we rely on, put right in its own process.

Each function replaces one thing, by its name inside MiniStack: a version that moves it does not
start. What each brings is held by tests/system/test_emulator.py and by what runs on the emulator.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tools.local_cloud import emulator_mail, emulator_speed

# Who asked, as the front door saw it. It lets no client say this.
CLIENT_HEADER = "x-front-door-client"
LOOPBACK = "127.0.0.1"
# How often a record of a stream is tried again where its source does not say.
RETRIES = 10
# How often idle workers are looked for, in a worker's idle time.
LOOKS = 6

Event = dict[str, Any]


def apply() -> None:
    route_options()
    tell_requests_truly()
    authorize_batches()
    count_as_tls()
    name_secrets_by_arn()
    retry_reported_stream_records()
    end_idle_workers()
    tell_where_the_api_is()
    emulator_mail.apply()
    emulator_speed.apply()


class RoutedOptions(str):
    """The method OPTIONS, unequal to "OPTIONS".

    MiniStack refuses that method itself; on AWS an API without CORS settings asks its routes.
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return False


def route_options() -> None:
    from ministack.services import apigateway

    answer = apigateway._handle_execute_in_scope

    async def answer_options(
        api_id: str, stage: str, path: str, method: str, *rest: object
    ) -> object:
        cors = (apigateway._apis.get(api_id) or {}).get("corsConfiguration")
        asked = RoutedOptions(method) if method == "OPTIONS" and not cors else method
        return await answer(api_id, stage, path, asked, *rest)

    apigateway._handle_execute_in_scope = answer_options


def tell_requests_truly() -> None:
    """MiniStack leaves cookies among the headers, and tells neither the client nor the domain."""
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function_with_config_scope

    def execute_told(function: Event, event: object) -> object:
        if isinstance(event, dict) and "http" in event.get("requestContext", {}):
            event = _as_api_gateway_tells(event)
        return execute(function, event)

    lambda_svc._execute_function_with_config_scope = execute_told


def _as_api_gateway_tells(event: Event) -> Event:
    headers = dict(event["headers"])
    client = headers.pop(CLIENT_HEADER, LOOPBACK)
    before = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{before}, {client}" if before else client
    cookie = headers.pop("cookie", None)
    told = {"cookies": [one.strip() for one in cookie.split(";")]} if cookie else {}
    context = event["requestContext"] | {
        "domainName": _name_of_host(headers.get("host", "")),
        "http": event["requestContext"]["http"] | {"sourceIp": client},
    }
    return event | told | {"headers": headers, "requestContext": context}


def _name_of_host(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # such as "["
        return ""


def authorize_batches() -> None:
    """On AWS the permission for one SQS message covers a batch; MiniStack asks for another one."""
    from ministack.core import iam_actions

    named = iam_actions.extract_iam_action

    def without_batch(service: str, *request: object, **more: object) -> str | None:
        action: str | None = named(service, *request, **more)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = without_batch


def count_as_tls() -> None:
    """The media bucket refuses what comes without TLS, of which there is none on the loopback."""
    from ministack import app

    pin = app.pin_request_origin

    def pin_as_tls(address: str, _: bool) -> None:
        pin(address, True)

    app.pin_request_origin = pin_as_tls


def name_secrets_by_arn() -> None:
    """Ref of a secret is its ARN on AWS; in MiniStack its name, which fits no role's policy."""
    from ministack.services import secretsmanager
    from ministack.services.cloudformation import provisioners

    handler = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_empty(
        logical_id: str, properties: dict[str, object], *request: object
    ) -> tuple[str, dict[str, str]]:
        """On AWS one without a value has no version; here its value would be an empty text."""
        made: tuple[str, dict[str, str]] = create(logical_id, properties, *request)
        if not {"SecretString", "GenerateSecretString"} & set(properties):
            secretsmanager._secrets[made[0]]["Versions"].clear()
        return made

    def by_arn(made: tuple[str, dict[str, str]]) -> tuple[str, dict[str, str]]:
        return made[1]["Arn"], made[1]

    def name_of(arn: str) -> str:
        return secretsmanager._resolve(arn)[0] or arn

    handler["create"] = lambda *request: by_arn(create_empty(*request))
    handler["update"] = lambda arn, *request, **more: by_arn(update(name_of(arn), *request, **more))
    handler["delete"] = lambda arn, *request: delete(name_of(arn), *request)


def retry_reported_stream_records() -> None:
    """MiniStack takes a stream's batch for done, whatever its function reports of it.

    Here such a batch fails, and so is read again; the function then gets what it gets on AWS: the
    first record that it reported, and those after it. A record that was tried as often as its
    source allows is told to the failure queue and left out.
    """
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function
    # By source: the record that a stream goes on from, and how often that one has failed.
    begins: dict[str, int] = {}
    failures: Counter[tuple[str, int]] = Counter()

    def execute_the_rest(function: Event, event: object) -> Event:
        records = _stream_records(event)
        source = _heeding_source(function, records) if records else None
        if source is None:
            failed: Event = execute(function, event)
            return failed
        name = str(source["UUID"])
        rest = [one for one in records if _number(one) >= begins.get(name, 0)]
        if not rest:
            return {"body": {"batchItemFailures": []}}
        result: Event = execute(function, {"Records": rest})
        body = result.get("body")
        reported = body.get("batchItemFailures") if isinstance(body, dict) else None
        if not reported or result.get("error"):
            return result
        first = _first_failed(rest, {one["itemIdentifier"] for one in reported})
        begins[name] = _number(first)
        failures[name, begins[name]] += 1
        if failures[name, begins[name]] > source.get("MaximumRetryAttempts", RETRIES):
            del failures[name, begins[name]]
            begins[name] += 1
            lambda_svc._send_ddb_stream_failure_record(
                source,
                function,
                [first],
                source["EventSourceArn"],
                result,
                "RetryAttemptsExhausted",
            )
        return result | {"error": True, "body": {"errorType": "BatchItemFailures"}}

    lambda_svc._execute_function = execute_the_rest


def _stream_records(event: object) -> list[Event]:
    records: list[Event] = event.get("Records", []) if isinstance(event, dict) else []
    return records if records and records[0].get("eventSource") == "aws:dynamodb" else []


def _heeding_source(function: Event, records: list[Event]) -> Event | None:
    """The event source that the records are from, if it heeds reports."""
    from ministack.services import lambda_svc

    wanted = (function["config"]["FunctionName"], records[0]["eventSourceARN"])
    for _, _, source in lambda_svc._iter_all_esms():
        heeds = "ReportBatchItemFailures" in source.get("FunctionResponseTypes", [])
        if heeds and (source["FunctionName"], source.get("EventSourceArn")) == wanted:
            found: Event = source
            return found
    return None


def _first_failed(records: list[Event], reported: set[str]) -> Event:
    """A report of something that is not in the batch is one of all of it."""
    failed = [one for one in records if one["dynamodb"]["SequenceNumber"] in reported]
    return (failed or records)[0]


def _number(record: Mapping[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def tell_where_the_api_is() -> None:
    """On AWS that is known at deployment; here the front door may have another port each time.

    A function has what MiniStack itself was told, in place of what the deployment says.
    """
    from ministack.core import lambda_runtime

    if "API_URL" in os.environ:
        lambda_runtime._RESERVED_RUNTIME_ENV_VARS |= {"API_URL"}


def end_idle_workers() -> None:
    """MiniStack keeps the first worker of each function for ever, at 30 MB each."""
    from ministack.core.lambda_runtime import _LOCAL_WORKER_TTL, _lock, _workers, kill_workers

    def end_those_idle_since(moment: float) -> None:
        with _lock:
            every = [worker for workers in _workers.values() for worker in workers]
            idle = [one for one in every if not one.in_use and one.last_used < moment]
            for key, workers in list(_workers.items()):
                _workers[key] = [worker for worker in workers if worker not in idle]
        kill_workers(idle)

    def look_for_ever() -> None:
        while True:
            time.sleep(_LOCAL_WORKER_TTL / LOOKS)
            end_those_idle_since(time.time() - _LOCAL_WORKER_TTL)

    threading.Thread(target=look_for_ever, daemon=True).start()
