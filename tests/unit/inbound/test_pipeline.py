"""What the worker does with each message, from bytes to a meaning: no message breaks a step."""

import random
import time

import pytest

from linkwright.mailer.inbound import automatic, intents
from linkwright.mailer.inbound.authentication import verdict
from linkwright.mailer.inbound.bounces import bounce, complaint
from linkwright.mailer.inbound.parsing import Unreadable, parse
from tests.unit.inbound import answers, bounce_samples, hostile


def _read(raw: bytes) -> intents.Meaning | None:
    try:
        message = parse(raw)
    except Unreadable:
        return None
    bounce(message)
    complaint(message)
    verdict(message, "mx.acme.example")
    text = answers.unquoted(message.text, {answers.US}, answers.SENT)
    program = automatic.judged(message, text, answers.TODAY, {answers.US})
    return intents.by_rules(text, message.subject, program, answers.TODAY)


@pytest.mark.parametrize("case", hostile.READABLE)
def test_hostile_message_has_a_meaning_within_seconds(case: str) -> None:
    began = time.thread_time()
    assert _read(hostile.READABLE[case]) is not None
    assert time.thread_time() - began < 5


@pytest.mark.slow
def test_no_mixture_of_messages_breaks_a_step() -> None:
    chance = random.Random(20_261_129)
    sources = [raw for raw, *_ in bounce_samples.BOUNCES.values()] + [bounce_samples.COMPLAINT]
    sources += [answers.message(one) for one in answers.read("tuning.txt")]
    read = 0
    for _ in range(300):
        first, second = chance.choice(sources), chance.choice(sources)
        raw = bytearray(first[: chance.randrange(len(first))] + second[chance.randrange(200) :])
        for _ in range(chance.randrange(6)):
            at = chance.randrange(len(raw))
            raw[at : at + chance.choice((1, 20))] = chance.choice(
                (b"", b"\n\n", b"\xff", b":", b"<")
            )
        read += _read(bytes(raw)) is not None
    assert read > 200
