"""Reading JSON strictly."""

import codecs
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwright.errors import (
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from linkwright.json_body import MAX_BYTES, MAX_DEPTH, parse, require_json

REFUSALS = (InvalidRequest, PayloadTooLarge, ValidationFailed)
many = settings(max_examples=700, derandomize=True, deadline=None, database=None)

_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
_any_texts = st.text(max_size=12)


def _values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | texts
    leaves |= st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )


@many
@given(value=st.dictionaries(_texts, _values(_texts), max_size=4), escaped=st.booleans())
@pytest.mark.slow
def test_every_clean_object_is_read_as_json_reads_it(value: dict[str, Any], escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    assert parse(text.encode()) == json.loads(text) == value


@many
@given(
    value=_values(_any_texts),
    at=st.integers(0, 60),
    cut=st.integers(0, 3),
    added=st.binary(max_size=3)
    | st.sampled_from([b"{", b"[", b'"', b"\\", b",", b"NaN", b"1e999"]),
)
@pytest.mark.slow
def test_damaged_json_is_refused_or_read_as_json_reads_it(
    value: object, at: int, cut: int, added: bytes
) -> None:
    whole = json.dumps(value).encode()
    _assert_read_or_refused(whole[:at] + added + whole[at + cut :])


@many
@given(raw=st.binary(max_size=200) | st.text('{}[]":,\\u0dn e1\n', max_size=60).map(str.encode))
@pytest.mark.slow
def test_arbitrary_bytes_are_refused_or_read_as_json_reads_them(raw: bytes) -> None:
    _assert_read_or_refused(raw)


def _assert_read_or_refused(raw: bytes) -> None:
    try:
        value = parse(raw)
    except REFUSALS:
        return
    assert type(value) is dict
    assert value == _folded(json.loads(raw.removeprefix(codecs.BOM_UTF8)))


def _folded(value: Any) -> Any:
    """What a body says, with the line ends that we keep."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    if isinstance(value, dict):
        return {key: _folded(member) for key, member in value.items()}
    return [_folded(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b' {"a" : 1}\n', {"a": 1}),
        (b'{"a":"\\u05d0\xd7\x91"}', {"a": "אב"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a":"line\\nfeed\\ttab"}', {"a": "line\nfeed\ttab"}),
        (b'{"a":"e\\u0301 \xc3\xa9"}', {"a": "e\u0301 \u00e9"}),
        (b'{"":""}', {"": ""}),
        (b'{"a":-0}', {"a": 0}),
        (b'{"a":1e308}', {"a": 1e308}),
        (b'{"a":1e-999999}', {"a": 0.0}),
        (b'{"a":{"b":1},"b":1}', {"a": {"b": 1}, "b": 1}),
        (b'{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[["}', {"a": "[" * 26}),
        (b'{"a":"\\"[[[[[[[[[[[[[[[[[[[[[[[[["}', {"a": '"' + "[" * 25}),
        (b'{"a":"\\\\"}', {"a": "\\"}),
        (b'{"a":["one\\r\\ntwo\\r\\n"]}', {"a": ["one\ntwo\n"]}),
        (b"\xef\xbb\xbf{}", {}),
    ],
)
def test_read(raw: bytes, value: dict[str, Any]) -> None:
    assert parse(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b" ", b"null", b"[]", b'""', b"1", b"true", b"{", b"}", b"{}{}", b"{},", b"'a'"),
        *(b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999999}', b'{"a":-1e999}'),
        *(b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":0x1}', b'{"a":1_0}'),
        *(b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"b":[{"a":1,"a":2}]}', b"{a:1}"),
        *(b"\xef\xbb\xbf" * 2 + b"{}", b"{}\xef\xbb\xbf", b"\xef\xbb\xbf"),
        *(b"\xff\xfe{}", b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}'),
        *(b'{"a":"\n"}', b'{"a":"\x00"}', b'{"a":"\\x41"}', b'{"a":"\\u00"}', b"\x00", b"{}\x00"),
        *('{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32")),
        b'{"a":' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_refused_as_unreadable(raw: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse(raw)
    assert (refusal.value.status, refusal.value.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("digits", "number"),
    [
        *(("247.0", 247), ("-0.0", 0), ("2.47e2", 247), ("9007199254740992.0", 2**53)),
        *(("247.5", 247.5), ("1e16", 1e16), ("1e-9", 1e-9)),
    ],
)
def test_an_integer_is_one_however_it_is_written(digits: str, number: float) -> None:
    found = parse(f'{{"a":{digits}}}'.encode())["a"]
    assert (found, type(found)) == (number, type(number))


def test_depth_is_counted_outside_strings() -> None:
    deepest = b'{"a":' * (MAX_DEPTH - 1) + b"[]" + b"}" * (MAX_DEPTH - 1)
    assert parse(deepest)
    with pytest.raises(InvalidRequest, match="nested deeper than 20"):
        parse(deepest.replace(b"[]", b"[[]]"))
    assert parse(b'{"a":[' + b",".join([b"[]"] * 1_000) + b"]}")


def test_size_is_counted_in_bytes() -> None:
    filled = b'{"a":"' + b"x" * (MAX_BYTES - 8) + b'"}'
    assert len(filled) == MAX_BYTES
    assert parse(filled)
    with pytest.raises(PayloadTooLarge):
        parse(filled + b" ")
    with pytest.raises(PayloadTooLarge):
        parse(('{"a":"' + "א" * (MAX_BYTES // 2) + '"}').encode())


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (rb'{"a":"\u0000"}', "a"),
        (rb'{"a":"\ud800"}', "a"),
        (rb'{"a":"\udc00\ud800"}', "a"),
        (rb'{"a":{"b":[1,"\u001b"]}}', "a.b.1"),
        (rb'{"\u0000":1}', None),
        (rb'{"a":{"\ud800":1}}', "a"),
        (rb'{"a":"\r"}', "a"),
        (rb'{"a":"\r\r\n"}', "a"),
        (rb'{"a\r\n":1}', None),
        (rb'{"a":"\u007f"}', "a"),
    ],
)
def test_refused_for_characters_that_no_text_needs(raw: bytes, field: str | None) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse(raw)
    assert refusal.value.field == field


def test_the_field_at_fault_is_told_in_100_characters() -> None:
    for raw in (
        b'{"' + b"n" * 1_000 + b'":"\\u0000"}',
        b'{"' + b"n" * 1_000 + b'":{"' + b"m" * 1_000 + b'":["\\u0000"]}}',
    ):
        with pytest.raises(ValidationFailed) as refusal:
            parse(raw)
        assert refusal.value.field == "n" * 100


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":"' + b'\\"' * 131_000,
        b'{"a":"' + b"\\\\" * 131_000,
        b'"' * 262_000,
        b'"\\' * 131_000,
        b'{"a":"' + b"x" * 262_000,
        b"[]" * 131_000,
        b"]" * 262_000,
        b'{"a":' + b"9" * 262_000 + b"}",
        b'{"a":1e' + b"9" * 262_000 + b"}",
        b'{"' + b"n" * 100_000 + b'":[' + b"1," * 80_000 + b"1]}",
        b'{"a":[' + b'"",' * 80_000 + b'"\\u0000"]}',
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_no_body_takes_long(raw: bytes) -> None:
    started = time.process_time()
    _assert_read_or_refused(raw)
    # A tenth of a second is usual; what grew with the square of the size took minutes.
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'APPLICATION/JSON ; CHARSET="utf-8"',
        *("application/json;", "application/json; ", "application/json; charset=utf-8;"),
        *("application/json;charset=utf8", "application/json; charset=us-ascii"),
        *("application/json; odata=verbose", 'application/json; profile="a/b"; charset=utf-8'),
        *("application/json\t;\tcharset=UTF-8", " application/json"),
    ],
)
def test_json_in_utf_8_is_taken(media_type: str) -> None:
    require_json(media_type, None)
    require_json(media_type, "identity")
    with pytest.raises(UnsupportedMediaType):
        require_json(media_type, "gzip")


@pytest.mark.parametrize(
    "media_type",
    [
        *(None, "", "json", "text/json", "application/jsonx", "xapplication/json", "*/*"),
        *("application/json; charset=utf-16", "application/json; charset=utf-8; charset=utf-16"),
        *("application/json, text/html", "application/json\n", "application/json; charset="),
        *("application/json; charset='utf-8'", 'application/json; charset="utf-8', ";"),
        *("application/json; charset", "application/json; q=1, text/html", "application /json"),
    ],
)
def test_every_other_media_type_is_refused(media_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        require_json(media_type, None)
