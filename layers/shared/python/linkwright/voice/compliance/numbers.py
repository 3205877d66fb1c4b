"""Which phone numbers may be dialled: E.164 form, and the rule against toll fraud."""

import re
import sys
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber as Parsed

_E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)

# Country codes that belong to no country: satellite, international networks, shared cost, premium.
# Not +800: the callee pays, and `country` names it "001", which no allow list holds unasked.
_REFUSED_COUNTRY_CODES = frozenset({808, 870, 878, 881, 882, 883, 888, 979})

# What national plans set aside for dear services, by country code. The library knows the blocks
# given out, in their exact length; a new block, or digits too many, it takes for an unknown number.
_SET_ASIDE = {
    **{1: "600 900", 7: "803 809", 20: "900", 27: "90", 30: "90", 31: "90", 32: "70 90"},
    **{33: "836 89", 34: "803 806 807 901 902 905 907", 36: "90 91", 40: "90", 41: "84 90"},
    **{39: "144 16 178 199 84 89", 43: "9", 44: "70 84 87 9", 45: "90", 46: "77 900 939 944 99"},
    **{47: "82", 48: "70", 49: "137 138 180 190 700 900", 52: "900", 55: "300 303 400 500 900"},
    **{57: "901 1901", 58: "900", 61: "13 190", 62: "809", 64: "90", 65: "1900", 81: "990"},
    **{82: "60", 84: "1900", 86: "160 168", 90: "900", 92: "900", 212: "89", 351: "64 76"},
    **{354: "90", 357: "90", 358: "600 700", 359: "90", 371: "90", 372: "900", 373: "90"},
    **{380: "900", 381: "78 90", 385: "60 61 64 65 69", 386: "89 90", 387: "90 92 94"},
    **{420: "90", 421: "900 97 98", 852: "900", 886: "20", 966: "92", 971: "900", 972: "17 19"},
}
_DEAR_PREFIXES = tuple(
    f"+{code}{prefix}" for code, prefixes in _SET_ASIDE.items() for prefix in prefixes.split()
)
# Pay-per-call in every area code of North America but the toll-free ones: 800, 833, 844, ...
_EXCHANGE_976 = re.compile(r"\+1(?!8(\d)\1)\d{3}976")
# No carrier has the exchange 555 of +1 500; the simulator's numbers lie there.
_FICTITIOUS = "+1500555"
# A country code and the shortest premium numbers have at least so many characters with the plus.
_SHORTEST = len("+372") + 4


class Verdict(Enum):
    MALFORMED = "malformed"
    REFUSED = "refused"
    DIALABLE = "dialable"


def is_e164(candidate: str) -> bool:
    return bool(_E164.fullmatch(candidate))


def in_path(segment: str) -> str:
    """What a path means by a segment: its plus may come as a blank, or still encoded."""
    return segment.replace("%2B", "+").replace("%2b", "+").replace(" ", "+", 1)


def load_tables() -> None:
    """For who will need them: they are large, and a first call would wait for them.

    The package also imports what finds numbers in texts and formats them while they are typed, a
    third of its price. Nothing asks for these, so they are empty modules of ours.
    """
    _leave_out("phonenumbermatcher", "PhoneNumberMatch", "PhoneNumberMatcher", "Leniency")
    _leave_out("asyoutypeformatter", "AsYouTypeFormatter")
    import phonenumbers  # noqa: F401 -- a region's own are read with its first number


def _leave_out(module: str, *names: str) -> None:
    empty = ModuleType(f"phonenumbers.{module}")
    vars(empty).update(dict.fromkeys(names))
    sys.modules.setdefault(empty.__name__, empty)


def judge(candidate: str) -> Verdict:
    """Malformed is what is not E.164 or can be no number at all; refused is an emergency,
    premium-rate, satellite, shared-cost, personal or pager number.

    Not `is_valid_number`: its tables lag behind the numbering plans and refuse ranges in use.
    """
    if not is_e164(candidate):
        return Verdict.MALFORMED
    # Imported here: its tables are large, and only placing a call needs them.
    import phonenumbers

    try:
        number = phonenumbers.parse(candidate)
    except phonenumbers.NumberParseException:
        return Verdict.MALFORMED
    if number.country_code in _REFUSED_COUNTRY_CODES:
        return Verdict.REFUSED
    if not phonenumbers.is_possible_number(number) or _is_written_otherwise(candidate, number):
        return Verdict.MALFORMED
    if _is_emergency(number) or _is_dear(candidate, number):
        return Verdict.REFUSED
    return Verdict.MALFORMED if _is_local_only(number) else Verdict.DIALABLE


def country(number: str) -> str:
    """The ISO code of the country that a dialable number is of, "001" for +800.

    A number that the tables do not know is taken for one of its code's main country, since that is
    where new ranges appear; the small countries of +1 are told by their area code alone.
    """
    import phonenumbers

    parsed = phonenumbers.parse(number)
    known = phonenumbers.region_code_for_number(parsed)
    return known or phonenumbers.region_code_for_country_code(parsed.country_code or 0)


def _is_written_otherwise(candidate: str, number: "Parsed") -> bool:
    """With a trunk prefix, as in +9720541234567: a second name would get past every list."""
    from phonenumbers import PhoneNumberFormat, format_number

    return candidate != format_number(number, PhoneNumberFormat.E164)


def _is_emergency(number: "Parsed") -> bool:
    import phonenumbers

    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return phonenumbers.is_emergency_number(
        phonenumbers.national_significant_number(number), region
    )


def _is_local_only(number: "Parsed") -> bool:
    """Too short to be dialled from outside its area."""
    from phonenumbers import ValidationResult, is_possible_number_with_reason

    return is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE_LOCAL_ONLY


def _is_dear(candidate: str, number: "Parsed") -> bool:
    """Universal access numbers are not: many a company has no other line (GB 03, CH 058).

    Personal numbers are: the caller pays the way on to wherever their owner has them ring.
    """
    from phonenumbers import PhoneNumberType, number_type

    if candidate.startswith(_FICTITIOUS):
        return False
    if candidate.startswith(_DEAR_PREFIXES) or _EXCHANGE_976.match(candidate):
        return True
    kind = number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        return _begins_premium(candidate, number.country_code or 0)
    return kind in {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
    }


def _begins_premium(candidate: str, code: int) -> bool:
    """Networks ignore what is dialled after a full number: more digits reach the same service."""
    from phonenumbers import PhoneNumberType, number_type

    start = len(f"+{code}")
    beginnings = (candidate[start:end] for end in range(_SHORTEST, len(candidate)))
    return any(
        number_type(_national(code, digits)) == PhoneNumberType.PREMIUM_RATE
        for digits in beginnings
    )


def _national(code: int, digits: str) -> "Parsed":
    """What parsing makes of the digits after a country code, at a fraction of its price."""
    from phonenumbers import PhoneNumber

    zeros = len(digits[:-1]) - len(digits[:-1].lstrip("0"))
    return PhoneNumber(code, int(digits), None, zeros > 0 or None, zeros or None)


def _malformed() -> PydanticCustomError:
    return PydanticCustomError("e164", "must be an E.164 phone number")


def _well_formed(candidate: str) -> str:
    if judge(candidate) is Verdict.MALFORMED:
        raise _malformed()
    return candidate


def _dialable(candidate: str) -> str:
    verdict = judge(candidate)
    if verdict is Verdict.MALFORMED:
        raise _malformed()
    if verdict is Verdict.REFUSED:
        raise PydanticCustomError(
            "number_refused",
            "must not be an emergency, premium, satellite, shared-cost, personal or pager number",
        )
    return candidate


_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^\+[1-9][0-9]{1,14}$"})
PhoneNumber = Annotated[str, AfterValidator(_dialable), _SCHEMA]
# Not only one that may be dialled.
AnyPhoneNumber = Annotated[str, AfterValidator(_well_formed), _SCHEMA]
