"""Which numbers may be dialled."""

import phonenumbers
import pytest

from linkwright.voice.compliance import numbers
from linkwright.voice.compliance.numbers import Verdict, judge

DIALABLE = [
    "+972541234567",  # the contract's own example, which the stricter check of the library refuses
    *(f"+1500555000{digit}" for digit in range(1, 7)),  # the simulator's
    "+972502345678",
    "+97221234567",
    "+12015550123",
    "+18005551212",  # free to call
    "+447400123456",
    "+441212345678",
    "+4915123456789",
    "+4930123456",
    "+33612345678",
    "+393123456789",
    "+390212345678",  # Italy keeps its leading zero
    "+34612345678",
    "+61412345678",
    "+819012345678",
    "+31612345678",
    "+918123456789",
    "+5511961234567",
    "+201001234567",
    "+962790123456",
    "+971501234567",
    "+966512345678",
    "+27711234567",
    "+821020000000",
    "+970599123456",
    "+80012345678",  # free to call in every country
]

NOT_E164 = [
    *("", "+", "+1", "+12", "0", "x", "null", "tel:+972541234567"),
    *("054-1234567", "0541234567", "972541234567", "00972541234567", "011972541234567"),
    *("+0972541234567", "+01234567", "+972-54-1234567", "+972 54 1234567", "+972(54)1234567"),
    *("+1234567890123456", "+9725412345678901", "+" + "9" * 5_000, "+12015550123x5"),
    *(
        "+97254123456\u0667",
        "\uff0b972541234567",
        "+٩٧٢٥٤١٢٣٤٥٦٧",
        "+972541234567\n",
        " +972541234567",
    ),
    *("+972541234567\x00", "+972541234567;ext=1", "+1201555012", "+972", "+999123456789"),
    *("+21012345678", "+800123456789", "++972541234567", "+97254123456a", "+972.54.1234567"),
]

EMERGENCY = ["+49110", "+49112"]
IMPOSSIBLE_EMERGENCY = ["+1911", "+972100", "+44999", "+33112", "+61000", "+112", "+911"]

PREMIUM = [
    *("+19002345678", "+449012345678", "+499001234567", "+33891123456", "+39899123456"),
    *("+9721919123456", "+34803123456", "+611900123456", "+81990123456"),
    *("+319061234", "+3290012345", "+41900123456", "+43900123456", "+469001234567"),
    *("+4782012345", "+48701234567", "+911861123456789", "+55500123456", "+420900123456"),
    *("+3531520123456", "+64900123456", "+82602345678"),
]

SHARED_COST = [
    *("+9721700123456", "+34901123456", "+611300123456"),
    *("+3278791234", "+5540041234", "+41840123456", "+420811234567", "+4918012345"),
    *("+33884012345", "+3531850123456", "+9118603451234", "+39848123456", "+4781021234"),
    *("+48801234567", "+46771234567", "+43810123456", "+448431234567"),
]

OF_NO_COUNTRY = [
    *("+870301234567", "+881612345678", "+8823421234", "+883510012345", "+878101234567890"),
    *("+979123456789", "+80812345678", "+88812345678901", "+8811234567", "+88299123456"),
]


@pytest.mark.parametrize("number", DIALABLE)
def test_dialled(number: str) -> None:
    assert judge(number) is Verdict.DIALABLE


@pytest.mark.parametrize("number", NOT_E164 + IMPOSSIBLE_EMERGENCY, ids=ascii)
def test_not_a_number_of_that_form(number: str) -> None:
    assert judge(number) is Verdict.MALFORMED


@pytest.mark.parametrize("number", EMERGENCY + PREMIUM + SHARED_COST + OF_NO_COUNTRY)
def test_a_number_that_is_never_dialled(number: str) -> None:
    assert judge(number) is Verdict.REFUSED


@pytest.mark.parametrize(
    ("code", "digits"),
    [(972, "541234567"), (1, "9002345678"), (39, "0212345678"), (39, "00212345678"), (39, "0000")],
)
def test_the_digits_of_a_number_are_what_parsing_makes_of_it(code: int, digits: str) -> None:
    made, parsed = numbers._national(code, digits), phonenumbers.parse(f"+{code}{digits}")
    as_dialled = [phonenumbers.national_significant_number(number) for number in (made, parsed)]
    assert as_dialled == [digits, digits]
    assert phonenumbers.number_type(made) == phonenumbers.number_type(parsed)


@pytest.mark.parametrize("number", [*DIALABLE, *PREMIUM, "+972541234567890"])
def test_a_number_is_parsed_once(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, parse = [], phonenumbers.parse
    monkeypatch.setattr(phonenumbers, "parse", lambda text: parsed.append(text) or parse(text))
    judge(number)
    assert parsed == [number]
