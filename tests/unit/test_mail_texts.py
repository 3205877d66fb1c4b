"""What the text of a mail may not hold."""

import time

import pytest

from linkwright.mailer.emails import texts


@pytest.mark.parametrize(
    "subject",
    [
        *("Re: our call", "RE:our call", "  re : our call", "Re\uff1a our call", "\uff32\uff25: a"),
        *("R\u200be: our call", "Re\u00ad: our call", "\u2060Re: our call", "Re\u200b: our call"),
        *("R\u034fe: a", "Re\ufe0f: a", "\u202eRe: a", "Re\u3164: a", "Re\u0301: a"),
        *("Re[2]: our call", "Re (2): a", "Re^2: a", "RE2: a", "[Re]: a", "(Re) : a"),
        *("[EXT] Re: a", "(external) [list] Fwd: a", "- Re: a", "\u00bb Re: a"),
        *("R\u0435: our call", "F\u051d\u0501: a", "R\u0395: a"),
        *("Fwd: a", "FW: a", "AW: a", "WG: a", "SV: a", "Antw: a", "TR: a"),
        *(
            "\u05d4\u05e9\u05d1: \u05e9\u05dc\u05d5\u05dd",
            "\u0631\u062f: \u0645\u0631\u062d\u0628\u0627",
        ),
        "\u0625\u0639\u0627\u062f\u0629 \u062a\u0648\u062c\u064a\u0647: a",
    ],
    ids=ascii,
)
def test_refused_what_shows_as_an_answer(subject: str) -> None:
    assert texts.is_reply(subject)


@pytest.mark.parametrize(
    "subject",
    [
        *("Real estate: an idea", "Reach: more hotels", "An idea re: bread", "Revenue 2: a plan"),
        *("TR-12: a quote", "Vs. 2024: what changed", "[Avis] An idea", "Awards: three of them"),
        *("", ":", "Re", "\u05e8\u05e2\u05d9\u05d5\u05df: \u05dc\u05d7\u05dd"),
    ],
    ids=ascii,
)
def test_taken_what_does_not(subject: str) -> None:
    assert not texts.is_reply(subject)


@pytest.mark.parametrize("part", ["[", "(", "[.]", "\u200b", "R", "[a](", "re["])
def test_taken_in_no_time_whatever_it_is(part: str) -> None:
    began = time.process_time()
    texts.is_reply((part * 200)[:200])
    assert time.process_time() - began < 0.1
