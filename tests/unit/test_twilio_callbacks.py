"""What Twilio signed is told from what it did not, and read strictly."""

import base64
import hashlib
import hmac
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkwright.providers import telephony
from linkwright.providers import twilio_callbacks as callbacks
from linkwright.providers.twilio_callbacks import Fields, Malformed, Route

# The worked example of https://www.twilio.com/docs/usage/security.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TOKEN = "12345"
FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
# From the tests of Twilio's own libraries: each value of a name once, in order.
REPEATED = [
    ("Sid", "CA123"),
    ("SidAccount", "AC123"),
    ("Digits", "5678"),
    ("Digits", "1234"),
    ("Digits", "1234"),
]
REPEATED_SIGNATURE = "IK+Dwps556ElfBT0I3Rgjkr1wJU="

CALL = "CA" + "0a" * 16
RECORDING = "RE" + "1b" * 16
HERE = Route("org_2abcDEF", "call_01J0000000000000000000ABCD", 2, "status")
BASE = "https://api.example.com"


def sign(url: str, fields: Fields, token: str = TOKEN) -> str:
    signed = url + "".join(name + value for name, value in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def genuine(**changes: Any) -> bool:
    request = {"url": URL, "fields": FIELDS, "signature": SIGNATURE, "auth_token": TOKEN}
    return callbacks.is_genuine(**{**request, **changes})


# ---- The signature ----------------------------------------------------------------------------


def test_the_documented_example() -> None:
    assert genuine()
    assert genuine(fields=FIELDS[::-1])


def test_the_documented_example_of_names_that_repeat() -> None:
    assert genuine(fields=REPEATED, signature=REPEATED_SIGNATURE)
    assert genuine(fields=REPEATED[::-1], signature=REPEATED_SIGNATURE)


def _without(name: str) -> Fields:
    return [(key, value) for key, value in FIELDS if key != name]


MUTATIONS: dict[str, dict[str, Any]] = {
    "scheme": {"url": URL.replace("https", "http")},
    "host": {"url": URL.replace("mycompany.com", "yourcompany.com")},
    "host's case": {"url": URL.replace("mycompany", "MyCompany")},
    "subdomain": {"url": URL.replace("mycompany", "www.mycompany")},
    "port": {"url": URL.replace(".com", ".com:8443")},
    "user": {"url": URL.replace("mycompany", "user@mycompany")},
    "path": {"url": URL.replace("myapp", "myApp")},
    "slash": {"url": URL.replace(".php", ".php/")},
    "query's order": {"url": "https://mycompany.com/myapp.php?bar=2&foo=1"},
    "query's value": {"url": URL.replace("foo=1", "foo=2")},
    "query added": {"url": f"{URL}&baz=3"},
    "query removed": {"url": URL.partition("?")[0]},
    "fragment": {"url": f"{URL}#top"},
    "value": {"fields": [*_without("Digits"), ("Digits", "1235")]},
    "value's case": {"fields": [*_without("CallSid"), ("CallSid", "ca1234567890abcde")]},
    "value emptied": {"fields": [*_without("Digits"), ("Digits", "")]},
    "name": {"fields": [*_without("Digits"), ("digits", "1234")]},
    "field added": {"fields": [*FIELDS, ("Extra", "1")]},
    "field removed": {"fields": _without("Digits")},
    "all fields removed": {"fields": []},
    "field repeated with another value": {"fields": [*FIELDS, ("Digits", "5678")]},
    "values swapped": {
        "fields": [*_without("To")[:-1], ("From", "+18005551212"), ("To", "+14158675309")]
    },
    "signature cut": {"signature": SIGNATURE[:-1]},
    "signature longer": {"signature": SIGNATURE + "="},
    "signature's case": {"signature": SIGNATURE.swapcase()},
    "signature empty": {"signature": ""},
    "signature not ASCII": {"signature": "ש\ud800" + SIGNATURE},
    "signature of SHA-256": {
        "signature": base64.b64encode(
            hmac.digest(TOKEN.encode(), URL.encode(), hashlib.sha256)
        ).decode()
    },
    "token": {"auth_token": "12346"},
    "token's case": {"auth_token": "12345 "},
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_changed_request_is_not_genuine(mutation: str) -> None:
    assert not genuine(**MUTATIONS[mutation])


def test_no_token_makes_nothing_genuine() -> None:
    assert not genuine(signature=sign(URL, FIELDS, ""), auth_token="")


def test_the_default_port_may_be_signed_or_not() -> None:
    assert genuine(signature=sign(URL.replace(".com", ".com:443"), FIELDS))
    plain = URL.replace("https", "http")
    assert genuine(url=plain, signature=sign(plain.replace(".com", ".com:80"), FIELDS))
    assert not genuine(url=plain, signature=sign(plain.replace(".com", ".com:443"), FIELDS))


def test_the_overrides_behind_a_url_are_not_signed() -> None:
    assert genuine(signature=sign(URL, FIELDS))
    assert not genuine(signature=sign(f"{URL}#{telephony.OVERRIDES}", FIELDS))


def test_words_of_any_script_are_signed_as_utf_8() -> None:
    fields = [("SpeechResult", "כן, בבקשה. نعم تفضل 😀"), ("CallSid", CALL)]
    body = urlencode(fields).encode()
    assert genuine(fields=callbacks.parse_form(body), signature=sign(URL, fields))


def test_a_shifted_boundary_leaves_a_field_missing() -> None:
    # The algorithm has no marks between names and values; what is read has forms.
    shifted = [("CallSi", f"d{CALL}"), ("CallStatus", "completed")]
    whole = [("CallSid", CALL), ("CallStatus", "completed")]
    assert genuine(fields=shifted, signature=sign(URL, whole))
    with pytest.raises(Malformed):
        callbacks.status_update(shifted)


# Unique names, as a plain dictionary has them, and values that no encoding can refuse.
_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(_TEXT, _TEXT), st.sampled_from([URL, "http://127.0.0.1:8000/a", BASE]))
def test_the_vendor_s_own_validator_agrees(fields: dict[str, str], url: str) -> None:
    validator = pytest.importorskip("twilio.request_validator").RequestValidator(TOKEN)
    signature = validator.compute_signature(url, fields)
    assert callbacks.is_genuine(url, list(fields.items()), signature, TOKEN)
    one_more = (f"{max(fields, default='')}x", "x")  # after all others, so none of them
    assert not callbacks.is_genuine(url, [*fields.items(), one_more], signature, TOKEN)


@pytest.mark.parametrize("mutation", sorted(MUTATIONS.keys() - {"port", "signature not ASCII"}))
def test_the_vendor_s_own_validator_refuses_as_much(mutation: str) -> None:
    validator = pytest.importorskip("twilio.request_validator").RequestValidator(TOKEN)
    request = {"url": URL, "fields": FIELDS, "signature": SIGNATURE, **MUTATIONS[mutation]}
    if "auth_token" in request:
        validator.token = str(request["auth_token"]).encode()
    fields = request["fields"]
    if len(dict(fields)) == len(fields):
        assert not validator.validate(request["url"], dict(fields), request["signature"])


# ---- The URL ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "path"),
    [
        (HERE, f"/callbacks/twilio/org_2abcDEF/{HERE.call_id}/2/status"),
        (Route("org_a.test", "call_0001", 1, "answer"), None),
        (Route("demo-co", "call_0001", 99, "recording"), None),
        (
            Route("org_a", "call_0001", 1, "turn", 12),
            "/callbacks/twilio/org_a/call_0001/1/turn/12",
        ),
    ],
)
def test_a_path_leads_back(here: Route, path: str | None) -> None:
    assert callbacks.route(here.path()) == here
    assert path in {None, here.path()}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/callbacks/twilio/org_a/call_0001/1/status/",
        "/callbacks/twilio/org_a/call_0001/1/status\n",
        "/callbacks/twilio/org_a/call_0001/1/status/1",
        "/callbacks/twilio/org_a/call_0001/1/turn",
        "/callbacks/twilio/org_a/call_0001/1/turn/0",
        "/callbacks/twilio/org_a/call_0001/1/turn/1000",
        "/callbacks/twilio/org_a/call_0001/1/other",
        "/callbacks/twilio/org_a/call_0001/0/status",
        "/callbacks/twilio/org_a/call_0001/01/status",
        "/callbacks/twilio/org_a/call_0001/100/status",
        "/callbacks/twilio/org_a/call_0001/-1/status",
        "/callbacks/twilio/org_a/agt_0001/1/status",
        "/callbacks/twilio/org_a/call_/1/status",
        "/callbacks/twilio/org_a/call_00%301/1/status",
        "/callbacks/twilio/org#a/call_0001/1/status",
        "/callbacks/twilio/org_a.live/call_0001/1/status",
        "/callbacks/twilio/../call_0001/1/status",
        "/callbacks/twilio/אבג/call_0001/1/status",
        "/prod/callbacks/twilio/org_a/call_0001/1/status",
    ],
)
def test_another_path_leads_nowhere(path: str) -> None:
    with pytest.raises(Malformed):
        callbacks.route(path)


@pytest.mark.parametrize(
    ("base", "query", "url"),
    [
        (BASE, "", f"{BASE}/a"),
        (f"{BASE}/", "", f"{BASE}/a"),
        ("http://127.0.0.1:8000", "x=%20", "http://127.0.0.1:8000/a?x=%20"),
    ],
)
def test_the_public_url_is_the_configured_one(base: str, query: str, url: str) -> None:
    assert callbacks.public_url(base, "/a", query) == url


# ---- The form ---------------------------------------------------------------------------------


def test_a_form_keeps_order_blanks_and_repetitions() -> None:
    form = b"To=%2B15005550006&Empty=&A=1&A=1&S=a+b%20c&H=%D7%9B%D7%9F"
    assert callbacks.parse_form(form) == [
        *(("To", "+15005550006"), ("Empty", ""), ("A", "1"), ("A", "1")),
        *(("S", "a b c"), ("H", "כן")),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"a",
        b"a=1&&b=2",
        b"a=%FF",
        b"a=%ED%A0%80",
        "a=כן".encode(),
        b"&".join([b"a=1"] * (callbacks.MAX_FIELDS + 1)),
        b"a=" + b"x" * callbacks.MAX_FORM_BYTES,
        b'{"a": 1}',
    ],
)
def test_another_form_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        callbacks.parse_form(body)


READERS = (
    callbacks.status_update,
    callbacks.machine_result,
    callbacks.speech,
    callbacks.recording_ready,
    callbacks.transferred,
)
_NAMES = st.sampled_from(
    [
        *("CallSid", "CallStatus", "SequenceNumber", "CallDuration", "AnsweredBy", "ErrorCode"),
        *("Timestamp", "SpeechResult", "Confidence", "RecordingSid", "RecordingStatus"),
    ]
)
_VALUES = _TEXT | st.sampled_from([CALL, RECORDING, "completed", "nan", "-1", "1e400", "٣"])


@given(st.lists(st.tuples(_NAMES | _TEXT, _VALUES)))
@pytest.mark.slow
def test_any_fields_are_read_or_malformed(fields: Fields) -> None:
    for read in READERS:
        with suppress(Malformed):
            assert read(fields) is None or read(fields).sid == CALL


def test_what_is_malformed_is_not_quoted() -> None:
    with pytest.raises(Malformed) as malformed:
        callbacks.status_update([("CallSid", CALL), ("CallStatus", "+15005550006")])
    assert "+1500" not in str(malformed.value)


@given(st.binary(max_size=300))
@example(b"")
def test_any_body_is_read_or_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        callbacks.status_update(callbacks.parse_form(body))


# ---- What it says -----------------------------------------------------------------------------

ENDED = [
    ("CallSid", CALL),
    ("CallStatus", "completed"),
    ("SequenceNumber", "3"),
    ("CallDuration", "15"),
    ("Timestamp", "Tue, 31 May 2016 20:51:40 +0200"),
    ("AnsweredBy", "machine_end_beep"),
    ("To", "+15005550006"),
    ("NewInTheYear2031", "x"),
]


def test_a_status_update() -> None:
    update = callbacks.status_update(ENDED)
    assert update == callbacks.StatusUpdate(
        sid=CALL,
        status="completed",
        sequence=3,
        duration_s=15,
        answered_by="machine_end_beep",
        error_code=None,
        at=datetime(2016, 5, 31, 18, 51, 40, tzinfo=UTC),
    )


def test_a_status_update_with_little_in_it() -> None:
    update = callbacks.status_update(
        [*ENDED[:2], ("ErrorCode", "13225"), ("CallDuration", "-1"), ("Timestamp", "now")]
    )
    assert (update.sequence, update.duration_s, update.at) == (None, None, None)
    assert update.error_code == 13225


@pytest.mark.parametrize(
    "fields",
    [
        ENDED[1:],
        ENDED[:1],
        [("CallSid", "CA123"), *ENDED[1:]],
        [("CallSid", RECORDING), *ENDED[1:]],
        [("CallSid", f"{CALL}\n"), *ENDED[1:]],
        [*ENDED, ENDED[0]],
        [*ENDED, ("CallStatus", "busy")],
        [ENDED[0], ("CallStatus", "<done>")],
    ],
)
def test_another_status_update_is_malformed(fields: Fields) -> None:
    with pytest.raises(Malformed):
        callbacks.status_update(fields)


@pytest.mark.parametrize("text", ["Fri, 31 Dec 9999 23:59:59 -2300", "x", "", None, "\ud800"])
def test_no_time_is_no_time(text: str | None) -> None:
    assert callbacks.moment(text) is None


def test_a_time_without_a_zone_is_utc() -> None:
    assert callbacks.moment("Tue, 31 May 2016 18:51:40 -0000") == datetime(
        2016, 5, 31, 18, 51, 40, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("heard", "digits", "text"),
    [
        ("כן,\n בבקשה ", "", "כן, בבקשה"),
        ("", "", ""),
        ("x" * 9_000, "", "x" * 4_000),
        # A key is told from a number that is said.
        ("", "9", "[9]"),
        ("9", "", "9"),
        ("", "#", "[#]"),
        ("", "*", "[*]"),
        # More than one was not asked for.
        ("yes", "99", "yes"),
        ("", "w", ""),
    ],
)
def test_speech_and_keys(heard: str, digits: str, text: str) -> None:
    fields = [("CallSid", CALL), ("SpeechResult", heard), ("Digits", digits)]
    assert callbacks.speech(fields) == callbacks.Speech(CALL, text)


def test_silence_is_speech_without_words() -> None:
    assert callbacks.speech([("CallSid", CALL)]) == callbacks.Speech(CALL, "")


def test_who_answered() -> None:
    fields = [("CallSid", CALL), ("AnsweredBy", "machine_start")]
    assert callbacks.machine_result(fields) == callbacks.MachineResult(CALL, "machine_start")
    assert callbacks.machine_result(fields[:1]) == callbacks.MachineResult(CALL, None)


def test_a_recording_that_is_ready() -> None:
    fields = [
        ("CallSid", CALL),
        ("RecordingSid", RECORDING),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "42"),
        ("RecordingUrl", "https://evil.example/"),
    ]
    assert callbacks.recording_ready(fields) == callbacks.RecordingReady(CALL, RECORDING, 42)
    absent = [*fields[:2], ("RecordingStatus", "absent")]
    assert callbacks.recording_ready(absent) is None
    with pytest.raises(Malformed):
        callbacks.recording_ready([fields[0], ("RecordingSid", "../x"), *fields[2:]])


def test_a_transfer() -> None:
    fields = [("CallSid", CALL), ("DialCallStatus", "completed"), ("DialCallDuration", "9")]
    assert callbacks.transferred(fields) == callbacks.Transferred(CALL, True, 9)
    missed = [fields[0], ("DialCallStatus", "no-answer")]
    assert callbacks.transferred(missed) == callbacks.Transferred(CALL, False, None)
