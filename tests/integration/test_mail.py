"""What is mailed can be read again by a test, wherever the functions keep things."""

import pytest

from linkwright.providers import mail
from linkwright.providers.mail import Mail
from tests import stack as stacks
from tests.stack import EmulatedStack, Stack

TO = "owner@example.com"


def _mails(stack: Stack) -> None:
    before = stack.letters(TO)
    for subject in ("שלום", "second"):
        assert mail.send(Mail(TO, subject, f"{subject}\n", "<p>t</p>", tags={"kind": "test"}))
    assert mail.send(Mail("other@example.com", "s", "t"))
    found = [(subject, text.strip()) for subject, text in stack.letters(TO)]
    assert found[len(before) :] == [("שלום", "שלום"), ("second", "second")]


def test_what_was_mailed_in_memory(stack: Stack) -> None:
    _mails(stack)


def test_what_was_mailed_on_the_emulator(
    stack: Stack, emulator: EmulatedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stacks.in_place_of(stack, emulator):
        _mails(emulator)
