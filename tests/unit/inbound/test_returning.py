"""On which day somebody is back, by what they write; it was Sunday, 29 November 2026."""

import time
from datetime import date, timedelta

import pytest

from linkwright.mailer.inbound.returning import returns_on
from linkwright.mailer.inbound.words.calendar import DAYS, MONTHS

TODAY = date(2026, 11, 29)

# A day, or None; and what was written.
WRITTEN = """
2026-12-05 I will be back on 5 December.
2026-12-05 Back on December 5th, 2026
2026-12-06 I'm away until 5 Dec.
2026-12-06 Out of the office 1-5 December
2026-12-06 Out of the office December 1 - 5
2026-12-06 On leave from 1 December through 5 December
2026-12-07 returning Monday, December 7
2026-11-30 I'm back on Monday
2026-12-05 back 2026-12-05
2026-12-05 I return on 12/05/2026
2026-12-05 returning 05/12
2026-12-25 I am back 25/12/2026
2026-12-05 ab dem 05.12. wieder da
2026-12-06 Ich bin vom 1. bis 5. Dezember abwesend
2026-12-07 Am 7. Dezember bin ich wieder erreichbar.
2026-12-06 bis einschließlich 5.12.26 nicht da
2026-12-07 bin ab Montag, 7.12. zurück
2026-12-06 du 1er au 5 décembre
2026-12-05 de retour le 5 decembre
2026-12-05 Je serai de retour à partir du samedi 5 décembre 2026
2026-12-06 absent jusqu'au samedi 5 décembre inclus
2026-12-06 del 1 al 5 de diciembre
2026-12-07 Vuelvo el lunes 7 de diciembre de 2026
2026-12-06 hasta el 5/12
2026-12-05 אחזור ב-5 בדצמבר
2026-12-06 עד ה-5.12
2026-12-06 בין התאריכים 1.12-5.12
2026-11-30 חוזר ביום שני
2026-12-05 سأعود في ٥ ديسمبر
2026-12-06 حتى 5 كانون الأول
2026-12-06 من 1 إلى 5 ديسمبر
2026-12-05 Ich bin morgen wieder da am 5. Dezember
2026-11-30 Ich bin ab morgen wieder im Büro
2026-11-30 Back tomorrow
None I'm away. Call +972-3-12-05 or 10:30
None We were founded on 5 December.
None I was away until 5 November
None back on 5 December 2029
None We are open from 9 to 5
2027-01-04 I will return on January 4.
2026-12-06 Abwesend: 30.11. - 05.12.
2026-12-05 I won't be back before 5 December
None from 1 December I will be working reduced hours
2026-12-05 Back on Saturday 5/12 at 9:00
2026-12-07 Vom 30.11. bis einschließlich 06.12. nicht im Haus. In dringenden Fällen 030 12 12 12.
2026-12-06 I'll be out starting December 1 and ending December 5.
2026-12-09 Back to the office on Wed, 9 Dec
2026-12-05 سأعود يوم السبت الموافق 5/12/2026
2026-11-30 Estaré de vuelta la próxima semana
2026-12-05 אני בחופשה בין 1.12 ל-4.12
""".strip().split("\n")


@pytest.mark.parametrize("line", WRITTEN)
def test_day_of_the_return(line: str) -> None:
    day, _, text = line.partition(" ")
    assert str(returns_on(text, TODAY)) == day


def test_day_over_a_line_that_is_wrapped() -> None:
    assert returns_on("I am away until\n5 December.\nBest", TODAY) == date(2026, 12, 6)
    assert returns_on("I am away until\n\n5 December 1990 we began", TODAY) is None


def test_no_day_beyond_a_year() -> None:
    last = TODAY + timedelta(days=366)
    assert returns_on(f"back on {last}", TODAY) == last
    assert returns_on(f"back on {last + timedelta(days=1)}", TODAY) is None
    assert returns_on("back on 2026-11-28", TODAY) is None
    assert returns_on("back on 2026-02-30", TODAY) is None


def test_every_month_and_day_of_the_week() -> None:
    assert set(MONTHS.values()) == set(range(1, 13))
    assert set(DAYS.values()) == set(range(7))
    for name, day in DAYS.items():
        found = returns_on(f"back on {name}", TODAY)
        assert found is not None
        assert (found.weekday(), 0 < (found - TODAY).days <= 7) == (day, True)
    for name, month in MONTHS.items():
        today = date(2026, month, 1)
        assert returns_on(f"back on 5 {name}", today) == today + timedelta(days=4)


@pytest.mark.parametrize("unit", ["5 december ", "until ", "1/", "1. ", "monday ", "5-"])
def test_no_text_takes_long(unit: str) -> None:
    began = time.thread_time()
    returns_on(unit * 20_000, TODAY)
    assert time.thread_time() - began < 0.5
