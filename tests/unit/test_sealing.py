"""Sealing under a key of KMS: what opens, what never does, and what KMS is asked."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwright import aws, clock, sealing
from linkwright.errors import Unavailable
from linkwright.sealing import Unsealable
from linkwright.settings import settings
from tests.sealer import Sealer
from tests.unit.aws_server import served

PARTITION, ENTITY = "ws_1.test", "mbx_1"
SECRET = "סיסמה 🔑 hunter2"


class Counting:
    """KMS, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._real = Sealer()

    def generate_data_key(self, **wanted: Any) -> dict[str, Any]:
        self.asked.append(("generate_data_key", wanted))
        return self._real.generate_data_key(**wanted)

    def decrypt(self, **wanted: Any) -> dict[str, Any]:
        self.asked.append(("decrypt", wanted))
        return self._real.decrypt(**wanted)

    def times(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.asked)


class Careless(Counting):
    """As an emulator is: without a tag, it opens whatever it is given, for whomever."""

    def decrypt(self, **wanted: Any) -> dict[str, Any]:
        raw = base64.b64decode(wanted["CiphertextBlob"])
        return {"Plaintext": base64.b64encode((raw * 32)[:32]).decode()}


@pytest.fixture
def kms(environment: pytest.MonkeyPatch) -> Iterator[Counting]:
    kms = Counting()
    environment.setenv("KMS_KEY_ARN", "arn:key")
    settings.cache_clear()
    environment.setattr(aws, "kms", lambda: kms)
    sealing.forget()
    yield kms
    sealing.forget()


def test_what_is_sealed_opens_at_its_place(kms: Counting) -> None:
    for secret in ("", SECRET, "a" * 10_000):
        sealed = sealing.seal(secret, PARTITION, ENTITY)
        assert sealed.isascii()
        assert len(sealed) < 400 + len(secret.encode()) * 4 / 3
        assert sealing.unseal(sealed, PARTITION, ENTITY) == secret
        assert secret[:5] == "" or secret[:5] not in sealed


def test_each_seal_has_a_key_of_its_own(kms: Counting) -> None:
    one, other = (sealing.seal(SECRET, PARTITION, ENTITY) for _ in range(2))
    assert one[:40] != other[:40]
    assert kms.times("generate_data_key") == 2


def test_who_seals_never_asks_to_open_and_the_other_way_round(kms: Counting) -> None:
    sealed = sealing.seal(SECRET, PARTITION, ENTITY)
    assert {name for name, _ in kms.asked} == {"generate_data_key"}
    kms.asked.clear()
    sealing.unseal(sealed, PARTITION, ENTITY)
    assert {name for name, _ in kms.asked} == {"decrypt"}


def test_kms_is_told_for_whom(kms: Counting) -> None:
    sealing.unseal(sealing.seal(SECRET, PARTITION, ENTITY), PARTITION, ENTITY)
    for _, wanted in kms.asked:
        assert wanted["KeyId"] == "arn:key"
        assert wanted["EncryptionContext"] == {"workspace": PARTITION, "entity": ENTITY}


@pytest.mark.parametrize(
    "elsewhere",
    [("ws_1", ENTITY), ("ws_2.test", ENTITY), (PARTITION, "mbx_2"), (ENTITY, PARTITION)],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_it_opens_nowhere_else(kms: Counting, elsewhere: tuple[str, str], is_known: bool) -> None:
    sealed = sealing.seal(SECRET, PARTITION, ENTITY)
    if is_known:
        sealing.unseal(sealed, PARTITION, ENTITY)
    with pytest.raises(Unsealable):
        sealing.unseal(sealed, *elsewhere)


def test_it_opens_nowhere_else_where_kms_lets_it(
    kms: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = sealing.seal(SECRET, PARTITION, ENTITY)
    monkeypatch.setattr(kms, "decrypt", lambda **_: {"Plaintext": _plaintext(kms, sealed)})
    assert sealing.unseal(sealed, PARTITION, ENTITY) == SECRET
    for elsewhere in (("ws_2.test", ENTITY), (PARTITION, "mbx_2")):
        with pytest.raises(Unsealable):
            sealing.unseal(sealed, *elsewhere)


def _plaintext(kms: Counting, sealed: str) -> str:
    raw = base64.b64decode(sealed)
    blob = base64.b64encode(raw[3 : 3 + int.from_bytes(raw[1:3])]).decode()
    context = {"workspace": PARTITION, "entity": ENTITY}
    opened = Sealer().decrypt(KeyId="arn:key", CiphertextBlob=blob, EncryptionContext=context)
    return str(opened["Plaintext"])


@pytest.mark.parametrize("is_careless", [False, True])
def test_no_bit_of_it_can_be_changed(
    kms: Counting, monkeypatch: pytest.MonkeyPatch, is_careless: bool
) -> None:
    sealed = sealing.seal("hunter2", PARTITION, ENTITY)
    if is_careless:
        monkeypatch.setattr(aws, "kms", Careless)
    raw = base64.b64decode(sealed)
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(Unsealable):
            sealing.unseal(base64.b64encode(changed).decode(), PARTITION, ENTITY)
    for end in range(len(raw)):
        with pytest.raises(Unsealable):
            sealing.unseal(base64.b64encode(raw[:end]).decode(), PARTITION, ENTITY)


@given(st.text() | st.binary().map(lambda raw: base64.b64encode(b"\x01" + raw).decode()))
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "kms", Counting)
        patch.setattr(sealing, "settings", lambda: _Settings)
        with pytest.raises(Unsealable):
            sealing.unseal(text, PARTITION, ENTITY)


class _Settings:
    kms_key_arn = "arn:key"


def test_a_key_is_known_for_five_minutes(kms: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000
    monkeypatch.setattr(clock, "epoch", lambda: now)
    sealed = sealing.seal(SECRET, PARTITION, ENTITY)
    for later, times in ((0, 1), (299, 1), (300, 2), (599, 2), (600, 3)):
        now = 1_000_000 + later
        assert sealing.unseal(sealed, PARTITION, ENTITY) == SECRET
        assert kms.times("decrypt") == times, later


def test_no_more_than_so_many_keys_are_known(kms: Counting) -> None:
    sealed = [sealing.seal(SECRET, PARTITION, f"mbx_{n}") for n in range(sealing.KEPT + 1)]
    for n, one in enumerate(sealed):
        sealing.unseal(one, PARTITION, f"mbx_{n}")
    assert len(sealing._opened) == sealing.KEPT
    asked = kms.times("decrypt")
    sealing.unseal(sealed[-1], PARTITION, f"mbx_{sealing.KEPT}")
    assert kms.times("decrypt") == asked
    sealing.unseal(sealed[0], PARTITION, "mbx_0")
    assert kms.times("decrypt") == asked + 1


def test_what_did_not_open_is_not_known(kms: Counting) -> None:
    sealed = sealing.seal(SECRET, PARTITION, ENTITY)
    for _ in range(2):
        with pytest.raises(Unsealable):
            sealing.unseal(sealed, "ws_2", ENTITY)
    assert kms.times("decrypt") == 2


def test_text_with_anything_else_in_it_does_not_open(kms: Counting) -> None:
    """A decoder that passes over what it does not know has many texts for one secret."""
    sealed = sealing.seal(SECRET, PARTITION, ENTITY)
    for changed in (f"{sealed}\n", f" {sealed}", f"{sealed[:8]}!{sealed[8:]}"):
        with pytest.raises(Unsealable):
            sealing.unseal(changed, PARTITION, ENTITY)


class Plain(Counting):
    """Whoever asks has the same key, whatever stands for it."""

    blob = b""

    def generate_data_key(self, **wanted: Any) -> dict[str, Any]:
        blob = base64.b64encode(self.blob).decode()
        return {"CiphertextBlob": blob, **self.decrypt(**wanted)}

    def decrypt(self, **wanted: Any) -> dict[str, Any]:
        self.asked.append(("decrypt", wanted))
        return {"Plaintext": base64.b64encode(bytes(range(32))).decode()}


@pytest.mark.parametrize("size", [1, 255, 256, 300, 6144])
def test_a_sealed_key_may_be_as_long_as_kms_has_it(
    kms: Counting, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    plain = Plain()
    plain.blob = b"k" * size
    monkeypatch.setattr(aws, "kms", lambda: plain)
    assert sealing.unseal(sealing.seal(SECRET, PARTITION, ENTITY), PARTITION, ENTITY) == SECRET
    assert base64.b64decode(plain.asked[-1][1]["CiphertextBlob"]) == plain.blob


@pytest.mark.parametrize("size", [0, 6145])
def test_kms_is_not_asked_for_what_cannot_be_a_key(kms: Counting, size: int) -> None:
    raw = b"\x01" + size.to_bytes(2) + b"k" * size + bytes(40)
    with pytest.raises(Unsealable):
        sealing.unseal(base64.b64encode(raw).decode(), PARTITION, ENTITY)
    assert kms.asked == []


def test_what_was_sealed_before_a_deployment_opens_after_it(
    kms: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "kms", Plain)
    raw = b"\x01\x00\x04blob" + bytes(12) + base64.b64decode("ZsnbqtBesf/lsYhRM2H3hOqIsmke7LQ=")
    assert sealing.unseal(base64.b64encode(raw).decode(), PARTITION, ENTITY) == "hunter2"


def test_a_younger_key_is_known_when_an_older_one_is_forgotten(
    kms: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000
    monkeypatch.setattr(clock, "epoch", lambda: now)
    older, younger, other = (sealing.seal(SECRET, PARTITION, f"mbx_{n}") for n in range(3))
    sealing.unseal(older, PARTITION, "mbx_0")
    now += 200
    sealing.unseal(younger, PARTITION, "mbx_1")
    now += 200
    sealing.unseal(other, PARTITION, "mbx_2")
    asked = kms.times("decrypt")
    sealing.unseal(younger, PARTITION, "mbx_1")
    assert kms.times("decrypt") == asked
    sealing.unseal(older, PARTITION, "mbx_0")
    assert kms.times("decrypt") == asked + 1


_WRONG: list[dict[str, Any]] = [
    {},
    {"Plaintext": None, "CiphertextBlob": "AAAA"},
    {"Plaintext": 5, "CiphertextBlob": "AAAA"},
    {"Plaintext": "!", "CiphertextBlob": "AAAA"},
    {"Plaintext": "AAAA", "CiphertextBlob": "AAAA"},
    {"Plaintext": base64.b64encode(bytes(16)).decode(), "CiphertextBlob": "AAAA"},
]


@pytest.mark.parametrize("wrong", _WRONG)
def test_an_answer_that_is_no_answer_is_none(
    kms: Counting, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    sealed = sealing.seal(SECRET, PARTITION, ENTITY)
    monkeypatch.setattr(kms, "generate_data_key", lambda **_: wrong)
    monkeypatch.setattr(kms, "decrypt", lambda **_: wrong)
    with pytest.raises(Unavailable):
        sealing.seal(SECRET, PARTITION, ENTITY)
    with pytest.raises(Unavailable):
        sealing.unseal(sealed, PARTITION, ENTITY)


@pytest.mark.parametrize("blob", [None, "", 5, "!", "AAAA!", "AAA"])
def test_a_key_that_cannot_be_kept_seals_nothing(
    kms: Counting, monkeypatch: pytest.MonkeyPatch, blob: object
) -> None:
    key = base64.b64encode(bytes(32)).decode()
    monkeypatch.setattr(
        kms, "generate_data_key", lambda **_: {"Plaintext": key, "CiphertextBlob": blob}
    )
    with pytest.raises(Unavailable):
        sealing.seal(SECRET, PARTITION, ENTITY)


# ---- on the wire --------------------------------------------------------------------------------


def _at(environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("AWS_ENDPOINT_URL", url)
    environment.setenv("KMS_KEY_ARN", "arn:key")
    settings.cache_clear()
    environment.setattr(aws, "kms", aws.KMS)


def _made() -> tuple[str, bytes]:
    made = Sealer().generate_data_key("arn:key", "AES_256", sealing._context(PARTITION, ENTITY))
    return made["Plaintext"], json.dumps(made).encode()


def test_kms_is_asked_in_its_own_protocol(environment: pytest.MonkeyPatch) -> None:
    plaintext, made = _made()
    opened = json.dumps({"Plaintext": plaintext}).encode()
    sealing.forget()
    with served((200, made), (200, opened), keeps=True) as (url, asked):
        _at(environment, url)
        sealed = sealing.seal(SECRET, PARTITION, ENTITY)
        assert sealing.unseal(sealed, PARTITION, ENTITY) == SECRET
    names = [request["x-amz-target"] for request in asked]
    assert names == ["TrentService.GenerateDataKey", "TrentService.Decrypt"]
    assert asked[0]["body"]["KeySpec"] == "AES_256"
    assert asked[1]["body"]["CiphertextBlob"] == json.loads(made)["CiphertextBlob"]
    assert all("/us-east-1/kms/aws4_request" in request["authorization"] for request in asked)


@pytest.mark.parametrize("code", ["InvalidCiphertextException", "IncorrectKeyException"])
def test_what_kms_did_not_seal_is_asked_for_once(
    environment: pytest.MonkeyPatch, code: str
) -> None:
    _, made = _made()
    sealing.forget()
    refused = (400, json.dumps({"__type": code}).encode())
    with served((200, made), refused, keeps=True) as (url, asked):
        _at(environment, url)
        sealed = sealing.seal(SECRET, PARTITION, ENTITY)
        with pytest.raises(Unsealable):
            sealing.unseal(sealed, PARTITION, ENTITY)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "code", ["DisabledException", "KMSInvalidStateException", "AccessDeniedException", "Throttling"]
)
def test_a_key_that_is_away_may_come_back(environment: pytest.MonkeyPatch, code: str) -> None:
    refused = (400, json.dumps({"__type": code}).encode())
    _, made = _made()
    sealing.forget()
    with served((200, made), *[refused] * 4, keeps=True) as (url, asked):
        _at(environment, url)
        sealed = sealing.seal(SECRET, PARTITION, ENTITY)
        with pytest.raises(Unavailable):
            sealing.unseal(sealed, PARTITION, ENTITY)
        with pytest.raises(Unavailable):
            sealing.seal(SECRET, PARTITION, ENTITY)
    assert len(asked) == 5
