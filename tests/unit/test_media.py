"""Objects in the media bucket, on moto in process; and the addresses that show them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from linkwright import aws, clock, deadline, media, settings
from linkwright.errors import Unavailable
from linkwright.table import Table
from linkwright.voice.calls import said
from linkwright.voice.calls.models import TranscriptTurn
from tools.template import template

BUCKET = "media"
REGION = "eu-west-1"
NOW = "2026-01-02T03:04:05Z"


@pytest.fixture(autouse=True)
def _bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("STAGE", *(f"{table.upper()}_TABLE" for table in Table), "DOCS_URL"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("MEDIA_BUCKET", BUCKET)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        settings.settings.cache_clear()
        aws.s3.cache_clear()
        aws.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield
    settings.settings.cache_clear()
    aws.s3.cache_clear()


@pytest.fixture
def credentials(_bucket: None) -> Iterator[pytest.MonkeyPatch]:
    """Undone before moto takes its own out of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def _ended(partition: str = "ws_1", **attributes: Any) -> Any:
    own = {"pk": f"W#{partition}#CALL", "sk": "call_1", "view": {"ended_at": clock.timestamp()}}
    return {**own, **attributes}


def _turn(text: str) -> TranscriptTurn:
    return TranscriptTurn(role="callee", text=text, start_ms=0, end_ms=1, lang="he")


def _keys() -> list[str]:
    return [found["Key"] for found in aws.s3().list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_a_short_transcript_stays_in_the_item() -> None:
    kept = said.stored(_ended(), [_turn("שלום")])
    assert kept == {"transcript": [_turn("שלום").model_dump()]}
    assert said.transcript(kept) == kept["transcript"]
    assert _keys() == []


def test_a_call_without_a_transcript_has_no_turns() -> None:
    assert said.stored(_ended(), []) == {"transcript": []}
    assert said.transcript({}) == []


def test_the_size_of_a_transcript_is_that_of_its_bytes() -> None:
    around = len(json.dumps([_turn("").model_dump()]).encode())
    room = said.MAX_ITEM_BYTES - around
    assert "transcript" in said.stored(_ended(), [_turn("x" * room)])
    assert "transcript" in said.stored(_ended(), [_turn("ש" * (room // 2))])
    for text in ("x" * (room + 1), "ש" * (room // 2 + 1)):
        kept = said.stored(_ended(), [_turn(text)])
        assert kept == {"transcript_key": "transcripts/365-days/ws_1/call_1.json"}
        assert said.transcript(kept) == [_turn(text).model_dump()]
    assert _keys() == ["transcripts/365-days/ws_1/call_1.json"]


@pytest.mark.parametrize("days", media.RETENTION_DAYS)
def test_a_rule_of_the_bucket_takes_what_is_kept_for_so_many_days(days: int) -> None:
    rules = template()["Resources"]["MediaBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    item = _ended(keep_days=days)
    for key in (said.object_key(item), said.recording_key(item, "RE1")):
        taking = [rule for rule in rules if key.startswith(rule.get("Prefix", ""))]
        assert min(rule["ExpirationInDays"] for rule in taking) == days


def test_a_recording_has_the_name_and_type_of_its_audio() -> None:
    key = said.recording_key(_ended("ws_1.test"), "RE1")
    assert key == "recordings/365-days/ws_1.test/call_1/RE1.mp3"
    said.store_recording(key, b"x", "audio/mpeg")
    stored = aws.s3().get_object(Bucket=BUCKET, Key=key)
    assert (stored["ContentType"], stored["Body"].read()) == ("audio/mpeg", b"x")


def test_no_address_without_a_recording_or_after_it_is_gone() -> None:
    assert said.presigned(_ended()) is None
    item = _ended(recording_key="recordings/ws_1/call_1.wav")
    assert said.presigned(item) is not None
    item["view"]["ended_at"] = clock.timestamp(clock.now() - timedelta(days=90))
    assert said.presigned(item) is not None
    assert said.presigned({**item, "keep_days": 90}) is None


@pytest.mark.parametrize("token", [None, "of/the+role="])
def test_the_address_is_the_one_that_boto3_makes(
    credentials: pytest.MonkeyPatch, token: str | None
) -> None:
    if token:  # as every function on Lambda has
        credentials.setenv("AWS_SESSION_TOKEN", token)
    key = "recordings/ws_1.test/call_1.wav"
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    session = boto3.Session("testing", "testing", token, region_name=REGION)
    credentials.setenv("AWS_ACCESS_KEY_ID", "testing")
    credentials.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = session.client("s3", config=config)
    wanted = {"Bucket": BUCKET, "Key": key}
    for _ in range(5):  # until both are of one second
        ours = urlsplit(media.link(key)[0])
        theirs = urlsplit(client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=900))
        if ours.query == theirs.query:
            break
    assert ours == theirs
    assert ours[:3] == ("https", "media.s3.eu-west-1.amazonaws.com", f"/{key}")
    assert parse_qs(ours.query)["X-Amz-Expires"] == ["900"]
    assert parse_qs(ours.query).get("X-Amz-Security-Token") == ([token] if token else None)


def test_the_address_says_when_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.parse(NOW) + timedelta(milliseconds=900)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert media.link("recordings/a.wav")[1] == "2026-01-02T03:19:05Z"


def test_nothing_is_signed_without_credentials(credentials: pytest.MonkeyPatch) -> None:
    credentials.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(LookupError):
        media.link("recordings/a.wav")


def test_an_answer_that_is_not_of_s3_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws.s3(), "put_object", lambda **_: {})
    with pytest.raises(Unavailable):
        media.put("recordings/a.wav", b"x", "audio/wav")


def _fail(code: str) -> Any:
    def failing(**_: object) -> None:
        raise ClientError({"Error": {"Code": code}}, "PutObject")

    return failing


def test_what_may_pass_is_told_from_what_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws.s3(), "put_object", _fail("SlowDown"))
    with pytest.raises(Unavailable):
        media.put("recordings/a.wav", b"x", "audio/wav")
    monkeypatch.setattr(aws.s3(), "put_object", _fail("AccessDenied"))
    with pytest.raises(ClientError):
        media.put("recordings/a.wav", b"x", "audio/wav")


def test_no_call_is_begun_that_might_outlast_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "seconds_left", lambda: aws.CALL_BUDGET_S - 1)
    with pytest.raises(Unavailable):
        media.put("recordings/a.wav", b"x", "audio/wav")
    assert _keys() == []
