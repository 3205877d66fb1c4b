"""Which model answers, what it costs, and what is told of it."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pydantic import SecretStr

from linkwright import aws, egress_dialling, observability, settings, vault
from linkwright.fields import RequestModel
from linkwright.providers import llm, llm_catalogue, llm_remote
from linkwright.providers.llm import Answer, Failure, ModelFailed, Prompt, Usage
from linkwright.providers.llm_anthropic import Anthropic
from linkwright.providers.llm_catalogue import MODELS, Listed, Provider
from linkwright.providers.llm_openai import OpenAI
from linkwright.providers.llm_remote import Remote
from linkwright.table import Table
from tests.unit.egress_network import Authority, Network
from tests.unit.model_servers import Served, Vendor, completion, message, served, start_vendor

KEYS = {"anthropic_api_key": "sk-ant-canary-1", "openai_api_key": "sk-canary-2"}
ROOT = Path(__file__).parents[2]


class Mood(RequestModel):
    mood: str


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("STAGE", *(f"{table.upper()}_TABLE" for table in Table), "DOCS_URL"):
        monkeypatch.setenv(name, "local")
    for name in ("MODEL", "SECRET_ARN", "EGRESS_ALLOW_LOOPBACK", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    caches = (settings.settings, vault.vault)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The one secret, in a Secrets Manager."""
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        made = client.create_secret(Name="linkwright", SecretString=json.dumps(KEYS))
        monkeypatch.setenv("SECRET_ARN", made["ARN"])
        monkeypatch.setattr(aws, "secrets_manager", lambda: client)
        settings.settings.cache_clear()
        yield


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    monkeypatch.setenv("EGRESS_ALLOW_LOOPBACK", "true")
    with start_vendor() as vendor:
        yield vendor


def prompt(value: Any = "Computed.") -> Prompt[Any]:
    return Prompt("Be short.", {"said": "Hello"}, lambda: value)


def claude(vendor: Vendor) -> Remote:
    listed = MODELS["anthropic/claude-haiku-5-5"]
    return Remote(listed, Anthropic(listed, SecretStr("sk-ant-canary-1"), vendor.url))


def refused(partition: str, wanted: str | None) -> Failure:
    with pytest.raises(ModelFailed) as failed:
        llm.model(partition, wanted)
    assert "canary" not in str(failed.value)
    return failed.value.reason


# ---- Which ------------------------------------------------------------------------------------


def test_deterministic_computes_and_costs_nothing() -> None:
    model = llm.model("org_a", "deterministic")
    assert model.text(prompt(), 5) == Answer("Computed.", Usage(0, 0, 0), "deterministic")
    good = Mood(mood="good")
    assert model.instance(prompt(good), Mood, 5) == Answer(good, Usage(0, 0, 0), "deterministic")


@pytest.mark.parametrize("wanted", [None, "anthropic/claude-haiku-5-5", "no/such", "deterministic"])
def test_test_mode_is_always_deterministic(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    monkeypatch.setenv("MODEL", "openai/gpt-6-luna")
    assert isinstance(llm.model("org_a.test", wanted), llm.Deterministic)


def test_the_deployment_chooses_where_the_workspace_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(llm.model("org_a", None), llm.Deterministic)
    monkeypatch.setenv("MODEL", "openai/gpt-6-luna")
    settings.settings.cache_clear()
    # Chosen, but without a key.
    assert refused("org_a", None) is Failure.NOT_CONFIGURED
    assert isinstance(llm.model("org_a", "deterministic"), llm.Deterministic)


@pytest.mark.parametrize("wanted", ["", "claude-haiku-5-5", "anthropic/claude-haiku", "no/such"])
def test_a_model_that_is_not_listed_is_not_configured(wanted: str) -> None:
    assert refused("org_a", wanted) is Failure.NOT_CONFIGURED
    assert not llm.is_known(wanted)


@pytest.mark.parametrize("name", [*MODELS, "deterministic"])
def test_what_is_listed_is_known(name: str) -> None:
    assert llm.is_known(name)


def test_without_a_key_a_vendor_is_not_configured() -> None:
    assert refused("org_a", "anthropic/claude-haiku-5-5") is Failure.NOT_CONFIGURED
    assert refused("org_a", "openai/gpt-6-luna") is Failure.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("text", "reason"),
    [('{"anthropic_api_key": ["canary"]}', "not_configured"), (None, "unavailable")],
)
def test_a_secret_that_cannot_be_read_is_no_key(
    monkeypatch: pytest.MonkeyPatch, text: str | None, reason: str
) -> None:
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf"
        if text is not None:
            arn = client.create_secret(Name="broken", SecretString=text)["ARN"]
        monkeypatch.setenv("SECRET_ARN", arn)
        monkeypatch.setattr(aws, "secrets_manager", lambda: client)
        settings.settings.cache_clear()
        assert refused("org_a", "anthropic/claude-haiku-5-5") == reason


def raw(answer: Served) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body


@pytest.mark.parametrize(
    ("name", "host", "start", "header", "answer"),
    [
        (
            "anthropic/claude-haiku-5-5",
            "api.anthropic.com",
            b"POST /v1/messages HTTP/1.1\r\n",
            b"\r\nx-api-key: sk-ant-canary-1\r\n",
            message("Hi."),
        ),
        (
            "openai/gpt-6-luna",
            "api.openai.com",
            b"POST /v1/chat/completions HTTP/1.1\r\n",
            b"\r\nauthorization: Bearer sk-canary-2\r\n",
            completion("Hi."),
        ),
    ],
)
@pytest.mark.usefixtures("secret")
def test_the_key_of_the_secret_goes_to_the_vendor_s_own_address(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    host: str,
    start: bytes,
    header: bytes,
    answer: Served,
) -> None:
    network, authority = Network(), Authority()
    trusted = egress_dialling.tls.__wrapped__()
    trusted.load_verify_locations(cadata=authority.pem())
    monkeypatch.setattr(egress_dialling, "tls", lambda: trusted)
    monkeypatch.setattr(egress_dialling, "_lookup", network.lookup)
    monkeypatch.setattr(egress_dialling, "_dial", network.dial)
    tls = authority.server(host, tmp_path)
    server = network.serve(host, "93.184.216.34", raw(answer), tls=tls)
    try:
        assert llm.model("org_a", name).text(prompt(), 5).value == "Hi."
    finally:
        network.close()
    assert network.dialled == [("93.184.216.34", 443)]
    assert server.requests[0].startswith(start)
    assert header in server.requests[0]


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(("is_changed", "asked_by"), [(True, ["1", "new"]), (False, ["1"])])
def test_a_key_that_is_refused_is_read_again_and_asked_by_once_more(
    monkeypatch: pytest.MonkeyPatch, vendor: Vendor, *, is_changed: bool, asked_by: list[str]
) -> None:
    def adapter(listed: Listed) -> Anthropic:
        return Anthropic(listed, llm_remote._key("anthropic_api_key"), vendor.url)

    monkeypatch.setattr(llm_remote, "_adapter", adapter)
    claude, known = llm.model("org_a", "anthropic/claude-haiku-5-5"), vault.vault()
    known._read_at -= vault.REREAD_S
    if is_changed:
        fresh = json.dumps(KEYS | {"anthropic_api_key": "sk-ant-canary-new"})
        aws.secrets_manager().put_secret_value(
            SecretId=settings.settings().secret_arn, SecretString=fresh
        )
    vendor.answers(served({}, status=401), message("Hi."))
    if is_changed:
        assert claude.text(prompt(), 5).value == "Hi."
    else:
        with pytest.raises(ModelFailed):
            claude.text(prompt(), 5)
    by = [asked.headers["x-api-key"].removeprefix("sk-ant-canary-") for asked in vendor.asked]
    assert by == asked_by


@pytest.mark.usefixtures("secret")
def test_the_tokens_are_bounded_by_whoever_asks() -> None:
    luna = llm.model("org_a", "openai/gpt-6-luna", max_tokens=400)
    assert isinstance(luna, Remote)
    assert (luna._max_tokens, llm.MAX_TOKENS) == (400, 1024)
    assert isinstance(luna._adapter, OpenAI)


# ---- What it costs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tokens", "cost"),
    [
        ("anthropic/claude-haiku-5-5", (1_000_000 // 10, 1_000_000), 510_000),
        ("anthropic/claude-haiku-5-5", (100_001, 0), None),
        ("anthropic/claude-sonnet-5-5", (1_000_000, 1_000_000), 12_000_000),
        ("anthropic/claude-haiku-4-5", (1, 1), 6),
        # A tenth of a millionth is one.
        ("openai/gpt-6-luna", (1, 0), 1),
        ("openai/gpt-6-luna", (10, 0), 1),
        ("openai/gpt-6-luna", (11, 0), 2),
        ("openai/gpt-6-luna", (0, 0), 0),
        ("openai/gpt-6-luna", (272_000, 0), 27_200),
        ("openai/gpt-6-sol", (272_001, 1), None),
        ("bedrock/nova-2-lite", (1_000, 1_000), 2_800),
        ("bedrock/claude-haiku-4-5", (3, 4), 23),
    ],
)
def test_costs_are_integers_rounded_up(
    name: str, tokens: tuple[int, int], cost: int | None
) -> None:
    assert MODELS[name].cost(*tokens) == cost


def test_each_model_has_a_provider_and_prices() -> None:
    assert {listed.provider for listed in MODELS.values()} == set(Provider)
    for name, listed in MODELS.items():
        assert name == listed.name == f"{listed.provider}/{name.partition('/')[2]}"
        # Dearer out than in, and neither a thousand times off.
        assert 10_000 <= listed.price_in < listed.price_out <= 100_000_000
    assert len(MODELS) == len(llm_catalogue._LISTED)


def test_a_price_that_is_not_known_stays_unknown(vendor: Vendor) -> None:
    listed = Listed("anthropic/short", "short", 1, 1, priced_tokens=10)
    model = Remote(listed, Anthropic(listed, SecretStr("key"), vendor.url))
    priced, unpriced = ({"input_tokens": tokens, "output_tokens": 1} for tokens in (10, 11))
    vendor.answers(message("{}", usage=unpriced), message('{"mood": "good"}', usage=priced))
    assert model.instance(prompt(), Mood, 5).usage == Usage(21, 2, None)


# ---- What is told of it -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_metrics() -> Iterator[None]:
    observability._counted.clear()
    yield
    observability._counted.clear()


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    plain = vars(logging.makeLogRecord({})).keys()
    return [
        {name: value for name, value in vars(record).items() if name not in plain | {"asctime"}}
        for record in caplog.records
    ]


def counted() -> dict[str, float]:
    return {name: sum(values) for name, (_, values) in observability._counted.items()}


def test_an_answer_is_told_in_one_line_of_names_and_numbers(
    vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    vendor.answers(message('{"mood": 1}'), message('{"mood": "good"}'))
    claude(vendor).instance(prompt(), Mood, 5)
    (line,) = lines(caplog)
    assert 0 <= line.pop("duration_ms") < 5_000
    assert line == {
        "message": "model answered",
        "model": "anthropic/claude-haiku-5-5",
        "input_tokens": 4190,
        "output_tokens": 1006,
        "cost_microusd": 922,
    }
    assert counted() == {
        "model_tokens_in": 4190,
        "model_tokens_out": 1006,
        "model_cost_microusd": 922,
    }


def test_what_failed_has_used_tokens_too(vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    vendor.answers(message("No.", stop_reason="refusal"))
    with pytest.raises(ModelFailed):
        claude(vendor).text(prompt(), 5)
    (line,) = lines(caplog)
    assert (line["message"], line["reason"]) == ("model failed", "refused")
    assert (line["input_tokens"], line["output_tokens"], line["cost_microusd"]) == (2095, 503, 461)
    assert counted()["model_cost_microusd"] == 461


def test_deterministic_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    llm.model("org_a", None).text(prompt(), 5)
    assert (lines(caplog), counted()) == ([], {})


def test_a_function_that_asks_no_model_pays_for_none() -> None:
    code = """
import sys
from linkwright.providers import llm
llm.model("org_a.test", None).text(llm.Prompt("", {}, lambda: ""), 5)
assert llm.is_known("openai/gpt-6-luna")
print(*sorted({"ssl", "boto3", "botocore", "http.client", "asyncio"} & sys.modules.keys()))
"""
    names = ("STAGE", *(f"{table.upper()}_TABLE" for table in Table), "DOCS_URL", "AWS_REGION")
    environment = dict.fromkeys(names, "local")
    environment["PYTHONPATH"] = str(ROOT / "layers/shared/python")
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
