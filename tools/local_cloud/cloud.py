"""The whole local cloud as one context manager, for `make run` and for the system tests."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tools.carrier import Carrier
from tools.local_cloud import (
    clerk,
    completion,
    demo_data,
    deployment,
    front_door,
    mail,
    name_server,
    telephone,
    vendors,
    webhooks,
)
from tools.local_cloud.deployment import STACK
from tools.local_cloud.emulator import IDLE_SECONDS, Emulator, start_ministack
from tools.local_cloud.processes import ROOT, LocalCloudError, aws_env, shown
from tools.mail_host import MailHost

DIRECTORY = ROOT / ".local"

Say = Callable[[str], None]


class Cloud(NamedTuple):
    base_url: str
    endpoint_url: str
    outputs: dict[str, str]
    demo: dict[str, str]
    emulator: Emulator
    carrier: Carrier
    mail: MailHost


def silent(_: str) -> None:
    return


@contextmanager
def start_cloud(
    port: int = 0,
    directory: Path = DIRECTORY,
    *,
    idle_seconds: int = IDLE_SECONDS,
    say: Say = silent,
) -> Iterator[Cloud]:
    """MiniStack with the template in it, a carrier, the front door on `port` (0: any), demo data.

    What is in `directory` from a run before is used again: state, build and tokens.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_only_one(directory))
        listener = stack.enter_context(front_door.open_port(port))
        base_url = front_door.base_url(listener)
        # Before the functions: calls that were left waiting are dialled as soon as those run.
        carriers = {
            name: stack.enter_context(telephone.start(directory, base_url, name))
            for name in (telephone.LIVE, telephone.TEST)
        }
        letters = stack.enter_context(mail.start(directory))
        names = stack.enter_context(name_server.start(directory))
        models = stack.enter_context(vendors.start(directory))
        own = name_server.parameters(names) | vendors.parameters(models) | mail.parameters(letters)
        with _timed(say, "Starting MiniStack"):
            emulator = stack.enter_context(
                start_ministack(
                    directory,
                    persist=True,
                    enforce_roles=True,
                    idle_seconds=idle_seconds,
                    smtp=letters.smtp,
                    authorities=letters.authorities,
                    api_url=base_url,
                )
            )
        api_id = _bring_up_to_date(directory, emulator.endpoint_url, own, say)
        outputs = deployment.outputs(emulator.endpoint_url)
        telephone.tell(emulator.endpoint_url, outputs, carriers, webhooks.parts(directory))
        mail.verify(emulator.endpoint_url)
        stack.enter_context(front_door.serve(listener, emulator.endpoint_url, api_id))
        addresses = {"BASE_URL": base_url, "AWS_ENDPOINT_URL": emulator.endpoint_url}
        addresses["MAIL_URL"] = letters.url
        known = vendors.demo(models) | mail.demo(letters)
        demo = _demo(directory, addresses, known, outputs, say)
        carrier = carriers[telephone.LIVE]
        yield Cloud(base_url, emulator.endpoint_url, outputs, demo, emulator, carrier, letters)


def _bring_up_to_date(directory: Path, endpoint: str, own: dict[str, str], say: Say) -> str:
    parameters = clerk.parameters(directory) | telephone.parameters() | own
    wanted = deployment.fingerprint(parameters)
    if deployment.is_current(endpoint, wanted):
        say("Nothing has changed since the last deployment")
    else:
        with _timed(say, "Building (sam build)"):
            deployment.build(directory)
        with _timed(say, "Deploying template.yaml (sam deploy)"):
            deployment.deploy(directory, endpoint, parameters)
    with _timed(say, "Making the API's routes"):
        api_id = completion.complete(endpoint)
    deployment.mark_current(endpoint, wanted)
    return api_id


def _demo(
    directory: Path,
    addresses: dict[str, str],
    known: dict[str, str],
    outputs: dict[str, str],
    say: Say,
) -> dict[str, str]:
    endpoint = addresses["AWS_ENDPOINT_URL"]
    with _timed(say, "Making the demo data, where it is missing"):
        made = demo_data.seed(endpoint, outputs, demo_data.read(directory) | addresses | known)
    demo = made | known | clerk.demo(directory) | webhooks.demo(directory)
    # With these the operator's commands work on the local cloud, and reach no account.
    names = ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    operators = {name: aws_env(endpoint)[name] for name in names} | {"STACK": STACK}
    demo_data.write(directory, addresses | operators | demo)
    return demo


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Two emulators on one state would overwrite each other's."""
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocalCloudError(
                f"Another local cloud is running on {shown(directory)}: stop it first."
            ) from None
        yield


@contextmanager
def _timed(say: Say, what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s")
