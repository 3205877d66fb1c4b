"""No number is dialled whose price somebody shares, and none abroad unless that is asked for."""

import pytest
from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
)

from linkwright.voice.compliance.numbers import Verdict, country, judge
from tests.unit import toll_fraud_numbers as table

VERDICTS = [
    *((number, Verdict.DIALABLE) for number in table.DIALABLE),
    *((number, Verdict.REFUSED) for number in table.REFUSED),
    *((number, Verdict.MALFORMED) for number in table.MALFORMED),
]


@pytest.mark.parametrize(("number", "verdict"), VERDICTS, ids=lambda value: repr(value))
def test_the_verdict_on_a_number(number: str, verdict: Verdict) -> None:
    assert judge(number) is verdict


@pytest.mark.parametrize(("number", "code"), table.DIALABLE.items())
def test_the_country_of_a_number(number: str, code: str) -> None:
    assert country(number) == code


def test_a_list_of_the_own_country_alone_lets_only_its_numbers_through() -> None:
    let_through = {
        number
        for number, _ in VERDICTS
        if judge(number) is Verdict.DIALABLE and country(number) in {"IL"}
    }
    assert let_through == set(table.ISRAEL)


def test_the_table_is_as_wide_as_it_should_be() -> None:
    assert len({number for number, _ in VERDICTS}) == len(VERDICTS) > 200
    assert len(set(table.ORDINARY.values())) > 60


def _examples(*kinds: int) -> list[str]:
    numbers = (
        example_number_for_type(region, kind)
        for region in sorted(SUPPORTED_REGIONS)
        for kind in kinds
    )
    return [format_number(each, PhoneNumberFormat.E164) for each in numbers if each is not None]


@pytest.mark.slow
def test_no_country_loses_its_ordinary_lines() -> None:
    ordinary = _examples(
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
    )
    lost = [number for number in ordinary if judge(number) is not Verdict.DIALABLE]
    assert lost == ["+13101234"]  # seven digits of Canada, which are dialled only there


def test_every_country_keeps_its_dear_lines() -> None:
    dear = _examples(
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
    )
    assert [number for number in dear if judge(number) is not Verdict.REFUSED] == []
