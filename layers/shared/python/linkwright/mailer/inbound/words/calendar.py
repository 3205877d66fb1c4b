"""Months, days of the week, and words for days to come, in the languages of automatic replies."""

from linkwright.mailer.inbound.text import plain

_MONTHS = """
january jan januar janvier janv enero ene ינואר يناير jänner
february feb februar février févr fév febrero פברואר فبراير شباط
march mar märz mrz mars marzo מרץ מרס مارس آذار
april apr avril avr abril abr אפריל أبريل نيسان
may mai mayo מאי مايو أيار ماي
june jun juni juin junio יוני يونيو حزيران
july jul juli juillet juil julio יולי يوليو تموز يوليوز
august aug août agosto ago אוגוסט أغسطس آب غشت
september sep sept septembre septiembre setiembre ספטמבר سبتمبر أيلول شتنبر
october oct oktober okt octobre octubre אוקטובר أكتوبر
november nov novembre noviembre נובמבר نوفمبر
december dec dezember dez décembre déc diciembre dic דצמבר ديسمبر دجنبر
"""
# Of two words, as no other is.
_TWO_WORDS = {
    "كانون الثاني": 1,
    "تشرين الأول": 10,
    "تشرين الثاني": 11,
    "كانون الأول": 12,
}
_DAYS = """
monday montag lundi lunes שני الاثنين الإثنين
tuesday dienstag mardi martes שלישי الثلاثاء
wednesday mittwoch mercredi miércoles רביעי الأربعاء
thursday donnerstag jeudi jueves חמישי الخميس
friday freitag vendredi viernes שישי الجمعة
saturday samstag sonnabend samedi sábado שבת السبت
sunday sonntag dimanche domingo ראשון الأحد
"""
TOMORROW = tuple(map(plain, ("tomorrow", "morgen", "demain", "mañana", "מחר", "غدًا", "بكرة")))
NEXT_WEEK = tuple(
    map(
        plain,
        (
            *("next week", "nächste woche", "nächster woche", "kommende woche"),
            *("la semaine prochaine", "la próxima semana", "la semana que viene"),
            *("שבוע הבא", "الأسبوع القادم", "الأسبوع المقبل"),
        ),
    )
)


def _numbered(table: str, first: int) -> dict[str, int]:
    rows = enumerate(table.strip().split("\n"), first)
    return {plain(name): at for at, row in rows for name in row.split()}


MONTHS = _numbered(_MONTHS, 1) | {plain(name): month for name, month in _TWO_WORDS.items()}
# As `date.weekday` counts them.
DAYS = _numbered(_DAYS, 0)


def alternatives(names: dict[str, int] | tuple[str, ...]) -> str:
    """The longer ones first, for an expression to find them whole."""
    return "|".join(sorted(names, key=len, reverse=True))
