"""Which phone numbers may be dialled: E.164 form, and the rule against toll fraud."""

import re
from enum import Enum
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)

# Country codes that belong to no country: satellite, international networks, shared cost, premium.
_REFUSED_COUNTRY_CODES = frozenset({808, 870, 878, 881, 882, 883, 888, 979})


class Verdict(Enum):
    MALFORMED = "malformed"
    REFUSED = "refused"
    DIALABLE = "dialable"


def judge(candidate: str) -> Verdict:
    """Malformed is what is not E.164 or can be no number at all; refused is an emergency,
    premium-rate, satellite or shared-cost number.

    Not `is_valid_number`: its tables lag behind the numbering plans and refuse ranges in use.
    """
    if not _E164.fullmatch(candidate):
        return Verdict.MALFORMED
    # Imported here: its tables are large, and only placing a call needs them.
    import phonenumbers
    from phonenumbers import PhoneNumberType

    try:
        number = phonenumbers.parse(candidate)
    except phonenumbers.NumberParseException:
        return Verdict.MALFORMED
    country = number.country_code or 0
    if country in _REFUSED_COUNTRY_CODES:
        return Verdict.REFUSED
    if not phonenumbers.is_possible_number(number):
        return Verdict.MALFORMED
    region = phonenumbers.region_code_for_country_code(country)
    national = phonenumbers.national_significant_number(number)
    dear = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
    if phonenumbers.is_emergency_number(national, region):
        return Verdict.REFUSED
    return Verdict.REFUSED if phonenumbers.number_type(number) in dear else Verdict.DIALABLE


def _dialable(candidate: str) -> str:
    verdict = judge(candidate)
    if verdict is Verdict.MALFORMED:
        raise PydanticCustomError("e164", "must be an E.164 phone number")
    if verdict is Verdict.REFUSED:
        raise PydanticCustomError(
            "number_refused",
            "must not be an emergency, premium, satellite or shared-cost number",
        )
    return candidate


PhoneNumber = Annotated[
    str,
    AfterValidator(_dialable),
    WithJsonSchema({"type": "string", "pattern": r"^\+[1-9][0-9]{1,14}$"}),
]
