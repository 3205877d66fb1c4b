"""What a function's process is like before its first event, and after it.

No endpoint loads boto3: its import alone takes longer than answering. Those who need the secret, as
callbacks to judge a signature, have read it by then.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests import stack as stacks
from tests.integration.sample_events import sample
from tests.stack import REGION, EmulatedStack, Stack
from tests.template.rules_functions import is_http
from tools.template import ROOT, Function, functions

# As Lambda does it: the file by itself, the layer on the path, nothing else loaded before.
# Powertools asks whether there is a botocore, which loads one small file of it and nothing else.
PROGRAM = """
import gc, importlib.util, json, sys

class Context:
    get_remaining_time_in_millis = staticmethod(lambda: 25_000)

spec = importlib.util.spec_from_file_location("main", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
ready = {
    "collects": gc.isenabled(),
    "frozen": gc.get_freeze_count() > 10_000,
    "reads_packages": "importlib.metadata" in sys.modules,
}
vault = sys.modules.get("linkwright.vault")
has_secret = vault is not None and vault.vault.cache_info().currsize == 1
answer = module.handler(json.load(sys.stdin), Context())
loaded = [name for name in sys.modules if name.startswith(("boto3", "botocore."))]
told = {"ready": ready, "has_secret": has_secret, "answer": answer, "boto3": sorted(loaded)}
print(json.dumps(told))
"""


# What was imported stays, so nobody looks through it for what can go; pydantic has no plugins.
READY = {"collects": True, "frozen": True, "reads_packages": False}


@pytest.fixture(scope="module")
def stack(stack: Stack, emulator: EmulatedStack) -> Iterator[Stack]:
    """Another process sees nothing of what is in the memory of this one."""
    with stacks.in_place_of(stack, emulator) as used:
        yield used


def run(function: Function, stack: Stack, **variables: str) -> dict[str, Any]:
    """What the function answers to its sample event, what of boto3 it loaded, and whether it had
    the secret beforehand.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "layers/shared/python"),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
        **stack.environment(),
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, function.source],
        input=json.dumps(sample(function)),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["ready"] == READY
    return result


CALLBACKS = [function for function in functions() if function.folder == "callbacks"]
ENDPOINTS = [one for one in functions() if is_http(one) and one not in CALLBACKS]
OTHERS = [one for one in functions() if one not in (*ENDPOINTS, *CALLBACKS)]


@pytest.mark.parametrize("function", ENDPOINTS, ids=lambda function: function.file)
def test_an_endpoint_answers_without_boto3(function: Function, stack: Stack) -> None:
    done = run(function, stack)
    assert done["answer"]["statusCode"] < 500
    assert (done["boto3"], done["has_secret"]) == ([], False)


@pytest.mark.parametrize("function", CALLBACKS, ids=lambda function: function.file)
def test_a_callback_answers_without_boto3_by_the_secret(function: Function, stack: Stack) -> None:
    done = run(function, stack)
    assert done["answer"]["statusCode"] in {200, 204}
    assert (done["boto3"], done["has_secret"]) == ([], True)


def test_a_secret_that_cannot_be_read_keeps_nothing_from_starting(stack: Stack) -> None:
    done = run(CALLBACKS[0], stack, SECRET_ARN="arn:aws:secretsmanager:us-east-1:1:secret:none")
    assert (done["answer"]["statusCode"], done["has_secret"]) == (503, False)


@pytest.mark.parametrize("function", OTHERS, ids=lambda function: function.file)
def test_every_other_function_is_as_ready_as_an_endpoint(function: Function, stack: Stack) -> None:
    done = run(function, stack)
    assert done["has_secret"] == (function.file in {"dial_call", "follow_up_call"})
    if function.file == "relay_outbox":
        assert done["answer"] == {"batchItemFailures": []}
        assert {"boto3", "botocore.session"} <= set(done["boto3"])
