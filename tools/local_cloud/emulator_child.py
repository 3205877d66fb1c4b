"""The process MiniStack runs in: serves on an inherited socket, and ends with its parent.

The parent opens the socket, so nobody else can ever answer on its port. It also holds the other
end of this process's standard input: when the parent dies, however it dies, that end closes.
"""

import asyncio
import os
import signal
import sys
import threading


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

    def by_arn(made: tuple[str, dict[str, str]]) -> tuple[str, dict[str, str]]:
        return made[1]["Arn"], made[1]

    def name_of(arn: str) -> str:
        return secretsmanager._resolve(arn)[0] or arn

    handler["create"] = lambda *request: by_arn(create(*request))
    handler["update"] = lambda arn, *request, **more: by_arn(update(name_of(arn), *request, **more))
    handler["delete"] = lambda arn, *request: delete(name_of(arn), *request)


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{sys.argv[1]}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    route_options()
    authorize_batches()
    count_as_tls()
    name_secrets_by_arn()
    threading.Thread(target=end_with_parent, daemon=True).start()
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
