"""Which phone numbers may be dialled: E.164 form, and the rule against toll fraud."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)

# Country codes that belong to no country: satellite, international networks, shared cost, premium.
_REFUSED_COUNTRY_CODES = frozenset({808, 870, 878, 881, 882, 883, 888, 979})


def is_e164(candidate: str) -> bool:
    """Whether a number of that form can exist. Not `is_valid_number`: its tables lag behind the
    numbering plans and refuse ranges that are in use."""
    if not _E164.fullmatch(candidate):
        return False
    import phonenumbers

    parsed = _parsed(candidate)
    return parsed is not None and (
        parsed.country_code in _REFUSED_COUNTRY_CODES or phonenumbers.is_possible_number(parsed)
    )


def may_be_dialled(number: str) -> bool:
    """False for emergency, premium-rate, satellite and shared-cost numbers."""
    import phonenumbers
    from phonenumbers import PhoneNumberType

    parsed = _parsed(number)
    if parsed is None or parsed.country_code in _REFUSED_COUNTRY_CODES:
        return False
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    national = phonenumbers.national_significant_number(parsed)
    if phonenumbers.is_emergency_number(national, region):
        return False
    dear = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
    return phonenumbers.number_type(parsed) not in dear


def _parsed(number: str) -> "PhoneNumber | None":
    # Imported here: its tables are large, and only placing a call needs them.
    import phonenumbers

    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
