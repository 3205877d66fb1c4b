"""Sealing by a KMS that is judged by an emulator, which knows no tags."""

import base64
from collections.abc import Iterator

import pytest

from linkwright import sealing
from linkwright.errors import Unavailable
from linkwright.sealing import Unsealable
from tests import stack as stacks
from tests.stack import EmulatedStack, Stack

PARTITION, ENTITY = "ws_1", "mbx_1"


@pytest.fixture(scope="module")
def emulated(stack: Stack, emulator: EmulatedStack) -> Iterator[EmulatedStack]:
    with stacks.in_place_of(stack, emulator):
        yield emulator


@pytest.fixture(autouse=True)
def _nothing_is_known(emulated: EmulatedStack) -> None:
    sealing.forget()


def test_a_secret_opens_where_it_was_sealed_and_nowhere_else() -> None:
    sealed = sealing.seal("סיסמה", PARTITION, ENTITY)
    assert sealing.unseal(sealed, PARTITION, ENTITY) == "סיסמה"
    for elsewhere in (("ws_2", ENTITY), (f"{PARTITION}.test", ENTITY), (PARTITION, "mbx_2")):
        with pytest.raises(Unsealable):
            sealing.unseal(sealed, *elsewhere)


def test_what_was_changed_does_not_open() -> None:
    raw = base64.b64decode(sealing.seal("hunter2", PARTITION, ENTITY))
    # Of the version, the sealed key, the nonce and the text.
    for at in (0, 40, 100, len(raw) // 2, len(raw) - 30, len(raw) - 1):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises((Unsealable, Unavailable)):
            sealing.unseal(base64.b64encode(changed).decode(), PARTITION, ENTITY)


def test_nothing_is_sealed_or_opened_while_the_key_is_off(emulated: EmulatedStack) -> None:
    sealed = sealing.seal("hunter2", PARTITION, ENTITY)
    kms, key = emulated.client("kms"), emulated.names["SealingKey"]
    kms.disable_key(KeyId=key)
    try:
        with pytest.raises(Unavailable):
            sealing.unseal(sealed, PARTITION, ENTITY)
        with pytest.raises(Unavailable):
            sealing.seal("hunter2", PARTITION, ENTITY)
    finally:
        kms.enable_key(KeyId=key)
    assert sealing.unseal(sealed, PARTITION, ENTITY) == "hunter2"
