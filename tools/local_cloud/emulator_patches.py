"""Where MiniStack differs from AWS in what we rely on, put right in its own process.

Each function replaces one thing, by its name inside MiniStack: a version that moves it does not
start. What each brings is held by tests/system/test_emulator.py and by what runs on the emulator.
"""

import itertools
import os
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from tools.local_cloud import emulator_direct, emulator_mail, emulator_speed, emulator_streams

# Who asked, as the front door saw it. It lets no client say this.
CLIENT_HEADER = "x-front-door-client"
LOOPBACK = "127.0.0.1"
# How often idle workers are looked for, in a worker's idle time.
LOOKS = 6
# How far apart what a stop broke off is handed out again.
_BETWEEN_RESTORED_S = 0.5

Event = dict[str, Any]


def apply() -> None:
    route_options()
    tell_requests_truly()
    authorize_batches()
    count_as_tls()
    name_secrets_by_arn()
    end_idle_workers()
    tell_where_the_api_is()
    take_alarms_of_some_metrics()
    hand_out_anew()
    emulator_mail.apply()
    emulator_speed.apply()
    emulator_streams.apply()
    emulator_direct.apply()


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


def tell_where_the_api_is() -> None:
    """On AWS that is known at deployment; here the front door may have another port each time.

    A function has what MiniStack itself was told, in place of what the deployment says.
    """
    from ministack.core import lambda_runtime

    if "API_URL" in os.environ:
        lambda_runtime._RESERVED_RUNTIME_ENV_VARS |= {"API_URL"}


def take_alarms_of_some_metrics() -> None:
    """MiniStack makes no alarm of metrics that are added up: it has one of the first of them."""
    from ministack.services.cloudformation import provisioners

    recorded = provisioners._cw_metric_alarm_record

    def record(name: str, properties: dict[str, Any]) -> object:
        metrics = properties.get("Metrics") or []
        of = next((one["MetricStat"] for one in metrics if "MetricStat" in one), None)
        if of is not None:
            named = {"Statistic": of["Stat"], "Period": of["Period"], **of["Metric"]}
            properties = {**properties, **named, "Metrics": None}
        return recorded(name, properties)

    provisioners._cw_metric_alarm_record = record


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


def hand_out_anew() -> None:
    """Who had a message when the cloud was stopped ended with it: the next start need not wait for
    them, as MiniStack does for as long as they might have been at work, six minutes of most queues.
    One after the other: each has a worker started, and with sixty at once the start took 24 s.
    """
    from ministack.services import sqs

    restore = sqs.load_persisted_state

    def restore_and_hand_out(kept: Event) -> None:
        restore(kept)
        moments = itertools.count(time.time(), _BETWEEN_RESTORED_S)
        for _, queue in sqs._queues.all_items():
            for message in queue["messages"]:
                if message["receive_count"]:
                    message["visible_at"] = next(moments)

    sqs.load_persisted_state = restore_and_hand_out
