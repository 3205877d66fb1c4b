"""docs/webhooks.md and the schemas of events are as the code has them."""

import json
import re
from datetime import timedelta
from functools import cache
from typing import Any, get_args

import pytest
from jsonschema_rs import Draft202012Validator, ValidationError, meta
from pydantic import SecretStr

from linkwright import clock, ids, settings, standard_webhooks
from linkwright.webhooks import catalogue, deliveries, endpoint_changes, health, models, sending
from linkwright.webhooks.event_types import EVENT_TYPES
from linkwright.webhooks.logs import bodies
from tests import pages
from tools import webhooks_page
from tools.template import ROOT
from tools.webhook_schemas import SCHEMAS, schemas
from tools.webhooks_page import PAGE, PARTS

LAYER = ROOT / "layers/shared/python/linkwright"
STALE = "run `make generate`"
SCHEMA: dict[str, Any] = json.loads(SCHEMAS.read_text())


def test_what_is_generated_is_as_the_code_has_it() -> None:
    assert PAGE.read_text() == webhooks_page.page(PAGE.read_text()), STALE
    assert SCHEMAS.read_text() == schemas(), STALE


def test_each_part_is_on_the_page_once() -> None:
    assert sorted(re.findall(r"<!-- generated: (\S+) -->", PAGE.read_text())) == sorted(PARTS)


def test_a_part_that_was_changed_by_hand_is_found() -> None:
    changed = PAGE.read_text().replace("| 10 |", "| 11 |")
    assert changed != PAGE.read_text()
    assert webhooks_page.page(changed) == PAGE.read_text()


def test_what_the_words_of_the_page_say_is_so() -> None:
    text = PAGE.read_text()
    assert ("For a day both sign" in text, endpoint_changes.OVERLAP) == (True, timedelta(days=1))
    assert ("is tried three times" in text, deliveries.ATTEMPTS_OF_A_SAMPLE) == (True, 3)
    assert ("no more than five sign" in text, endpoint_changes.MOST_SECRETS) == (True, 5)
    assert ("at most once a day" in text, health.MAILED_EVERY) == (True, timedelta(days=1))
    assert "older than five minutes" in text
    assert standard_webhooks.TOLERANCE_S == 5 * 60
    assert ("up to a tenth longer" in text, deliveries.JITTER) == (True, 0.1)
    listed = {row[0].strip("`") for row in pages.tables("docs/webhooks.md")["header / what it is"]}
    secret = SecretStr(standard_webhooks.new_secret())
    sent = {**sending._SENT_WITH, **standard_webhooks.headers("evt_1", b"", [secret])}
    assert listed == {*sent, "your own"}


@cache
def _of_any() -> Draft202012Validator:
    return Draft202012Validator(SCHEMA)


@cache
def _validator(name: str) -> Draft202012Validator:
    of_type = {**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{name}"}]}
    return Draft202012Validator(of_type, validate_formats=True)


def _body(name: str, payload: str) -> dict[str, Any]:
    shown = webhooks_page.example(name).model_dump(mode="json")
    event = {name: one for name, one in shown.items() if name != "data"} | {
        "pk": "W#ws_1#EVT",
        "object": catalogue.sample(name),
        "details": catalogue.sample_details(name),
    }
    body: dict[str, Any] = json.loads(bodies.message(event, payload))
    return body


@pytest.fixture
def public(environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "https://api.example.com")
    settings.settings.cache_clear()
    # What is kept elsewhere is in the samples.
    monkeypatch.setattr(catalogue, "completed", lambda partition, event_type, stored: stored)


def test_the_schema_is_one() -> None:
    meta.validate(SCHEMA)


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("name", EVENT_TYPES)
def test_each_sample_is_of_its_schema_and_of_no_other(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, thin = _body(name, "full"), _body(name, "thin")
    assert whole == webhooks_page.example(name).model_dump(mode="json")
    monkeypatch.setattr(bodies, "MAX_BYTES", 10)
    cut = _body(name, "full")
    assert thin["data"]["url"] == f"https://api.example.com/v1/events/{thin['id']}"
    assert cut["data"] == thin["data"] | {"truncated": True}
    for body in (whole, thin, cut):
        _of_any().validate(body)
        takes = [one for one in EVENT_TYPES if _validator(one).is_valid(body)]
        assert takes == [name]


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_what_lacks_a_field_is_not_of_the_schema(name: str) -> None:
    body = webhooks_page.example(name).model_dump(mode="json")
    for holder in (body, body["data"], body["data"]["object"]):
        for field in list(holder):
            kept = holder.pop(field)
            with pytest.raises(ValidationError):
                _validator(name).validate(body)
            holder[field] = kept
    _validator(name).validate(body)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_what_a_sample_names_has_the_form_of_ours_and_is_nobodys(name: str) -> None:
    text = webhooks_page.example(name).model_dump_json()
    found = re.findall(r'"((?:evt|call|agt|wh|dlv|ws|req)_[0-9][^"]*)"', text)
    assert found
    for one in found:
        assert re.fullmatch(r"[a-z]+_01M[0-9A-HJKMNP-TV-Z]{23}", one), one
        assert ids.matches(one.partition("_")[0], one)
    for number in re.findall(r'"(\+[0-9]+)"', text):
        # Kept for examples by the North American numbering plan.
        assert re.fullmatch(r"\+1[2-9][0-9]{2}55501[0-9]{2}", number)
    for host in re.findall(r"https://([^/\"]+)", text):
        assert host == "example.com"


@pytest.mark.parametrize(
    ("shown", "listed"),
    [
        (webhooks_page._ENDED, models.EndedReason),
        (webhooks_page._ERRORS, models.AttemptError),
        (webhooks_page._DISABLED, models.DisabledReason),
    ],
)
def test_each_reason_is_explained_and_no_other(shown: dict[str, str], listed: Any) -> None:
    assert set(shown) == set(get_args(listed))


def test_each_reason_is_given_by_some_code() -> None:
    code = "".join(path.read_text() for path in LAYER.rglob("*.py") if path.name != "models.py")
    for listed in (models.EndedReason, models.AttemptError, models.DisabledReason):
        assert [one for one in get_args(listed) if f'"{one}"' not in code] == []


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ((EVENT_TYPES,), ["its object, in _OBJECTS", "a sample of it, in samples"]),
        ((EVENT_TYPES, catalogue._OBJECTS), ["a sample of it, in samples"]),
        ((catalogue._OBJECTS,), ["what it tells, in EVENT_TYPES"]),
    ],
)
def test_what_a_type_lacks_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, named: tuple[Any, ...], told: list[str]
) -> None:
    """Whoever adds one forgets a part of it."""
    assert list(webhooks_page.missing()) == []
    for where in named:
        monkeypatch.setitem(where, "call.made", lambda: catalogue.Ping)
    with pytest.raises(SystemExit) as ended:
        webhooks_page.main()
    lines = str(ended.value.code).splitlines()
    assert [line.partition(" of webhooks/")[0] for line in lines] == [
        f"call.made lacks {part}" for part in told
    ]


def test_a_sample_comes_with_the_sequence_that_the_page_shows() -> None:
    assert [webhooks_page.example(name).sequence for name in EVENT_TYPES][:6] == [1, 2, 3, 4, 5, 6]
    disabled = webhooks_page.example("webhook.disabled")
    failure = disabled.data.object["failure"]
    # Two events, half a day apart, each by all attempts: the last of them is told.
    assert failure["count"] == 2 * deliveries.ATTEMPTS
    lasted = clock.parse(disabled.created_at) - clock.parse(failure["since"])
    assert lasted >= health.APART + timedelta(seconds=sum(deliveries.SCHEDULE_S))
