"""The simulated vendors, asked over the wire as own keys ask: they know one key."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, SecretStr

from linkwright import settings
from linkwright.providers import llm
from linkwright.providers.llm import Failure, ModelFailed, Prompt
from tools.vendors import Vendors, start_vendors

MODELS = ("openai/gpt-6-luna", "anthropic/claude-haiku-5-5")
KEY = "sk-proj-0123456789abcdef0123"


class Ideas(BaseModel):
    aliases: list[str]
    source: str
    term: str | None


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    with start_vendors(KEY) as made:
        monkeypatch.setenv("STAGE", "local")
        monkeypatch.setenv("VENDORS_URL", made.url)
        monkeypatch.setenv("EGRESS_ALLOW_LOOPBACK", "true")
        for name in ("CORE", "ACCESS", "IDEM", "CLICKS", "METRICS", "LEDGER"):
            monkeypatch.setenv(f"{name}_TABLE", "none")
        monkeypatch.setenv("DOCS_URL", "https://docs.example.com/errors")
        settings.settings.cache_clear()
        yield made
    monkeypatch.undo()
    settings.settings.cache_clear()


@pytest.mark.parametrize("name", MODELS)
def test_the_key_that_they_know_is_proven_and_answers(vendors: Vendors, name: str) -> None:
    llm.prove(name, SecretStr(KEY), 5)
    model = llm.own(name, SecretStr(KEY))
    prompt = Prompt("Suggest.", {"title": "Spring sale"}, lambda: pytest.fail("it was computed"))
    answer = model.instance(prompt, Ideas, 5)
    assert answer.value == Ideas(aliases=["spring-sale"], source="newsletter", term=None)
    assert answer.generated_by == f"byok:{name}"


@pytest.mark.parametrize("name", MODELS)
def test_any_other_is_refused(vendors: Vendors, name: str) -> None:
    with pytest.raises(ModelFailed) as refused:
        llm.prove(name, SecretStr(f"{KEY}4"), 5)
    assert refused.value.reason is Failure.NOT_CONFIGURED
    assert KEY not in str(refused.value)


def test_what_stands_for_them_is_asked_in_the_local_cloud_alone(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.settings().vendors_url == vendors.url
    monkeypatch.setenv("STAGE", "prod")
    settings.settings.cache_clear()
    assert settings.settings().vendors_url == ""
