"""Words about facts: what a model may write, by tables of both kinds, and what code fills in."""

import re

import pytest

from linkwright.ai.facts.facts import Fact
from linkwright.ai.wording import grounded, placeholders, texts_en, texts_he, values
from linkwright.ai.wording.values import Language
from tests.unit.wording_sentences import FACTS, FALSE, TRUE

LANGUAGES: tuple[Language, ...] = ("en", "he")
# As docs/insight.md says.
MOST_REFUSED, MOST_TAKEN = 0.16, 0.02
NUMBERS: dict[Language, str] = {
    "en": """
        zero one two three four five six seven eight nine ten eleven twelve thirteen
        twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million
        dozen half third quarter fifth tenth double doubled doubles twice thrice triple
        tripled twofold percent once first second both couple pair several many few most
        majority none
    """,
    "he": """
        אפס אחד אחת שניים שתיים שני שתי שלושה שלוש ארבעה ארבע חמישה חמש שישה שש שבעה שבע
        שמונה תשעה תשע עשרה עשר עשרים שלושים ארבעים חמישים שישים שבעים שמונים תשעים מאה
        מאות מאתיים אלף אלפים אלפיים מיליון תריסר חצי מחצית שליש רבע חמישית עשירית כפול
        כפליים הוכפל הוכפלו הכפיל פעמיים אחוז אחוזים פי שבועיים יומיים חודשיים רוב רובם
        מיעוט ראשון שנייה זוג
    """,
}
DIRECTIONS: dict[Language, str] = {
    "en": """
        up down rise rose risen fall fell fallen grow grew grown growth drop dropped
        increase increased decrease decreased decline declined more less fewer higher
        lower better worse gain gained lose lost plunge soar
    """,
    "he": """
        עלה עלתה עלו ירד ירדה ירדו גדל גדלה גדלו קטן קטנה קטנו צמח צמחו צנח צנחו זינק
        זינקו עלייה ירידה גידול צמיחה קיטון יותר פחות גבוה נמוך טוב גרוע
    """,
}
OTHERS: dict[Language, str] = {
    "en": """
        because due thanks caused cause reason why therefore since monday november today
        yesterday tomorrow tonight weekend summer holiday germany israel google facebook
        ignore password http https www com
    """,
    "he": """
        כי בגלל עקב בזכות משום לכן סיבה היום אתמול מחר אמש סופשבוע קיץ חג בנובמבר ישראל
        גרמניה גוגל פייסבוק סיסמה התעלמו
    """,
}


def _refused(language: Language, kind: str, sentence: str) -> bool:
    return grounded.refusal(sentence, FACTS[kind], language) is not None


def test_of_true_sentences_few_are_refused() -> None:
    judged = [_refused(of, *one) for of in LANGUAGES for one in TRUE[of]]
    assert len(judged) >= 200
    assert sum(judged) / len(judged) <= MOST_REFUSED


def test_of_false_sentences_hardly_one_is_taken() -> None:
    taken = [one for of in LANGUAGES for one in FALSE[of] if not _refused(of, *one)]
    assert sum(len(FALSE[of]) for of in LANGUAGES) >= 200
    assert len(taken) / sum(len(FALSE[of]) for of in LANGUAGES) <= MOST_TAKEN
    # What is taken says nothing but facts of its finding, each in another one's place.
    assert all("{" in sentence for _, sentence in taken), taken


@pytest.mark.parametrize("number", ["12", "٨٠", "۸۰", "½", "Ⅻ", "१२", "²", "ק״מ5"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_digit_of_any_script(language: Language, number: str) -> None:
    for kind, sentence in TRUE[language]:
        written = re.sub(r"\{\w+\}", number, sentence, count=1)
        assert _refused(language, kind, written), written


@pytest.mark.parametrize("words", [NUMBERS, DIRECTIONS, OTHERS])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_direction_cause_day_or_name(
    language: Language, words: dict[Language, str]
) -> None:
    prefixes = [""] if language == "en" else ["", "ו", "ה", "ב", "ל", "מ", "ש", "כ", "שב", "וה"]
    taken = [
        prefix + word
        for word in words[language].split()
        for prefix in prefixes
        if not _refused(language, "summary", f"{{clicks}} {prefix}{word}")
    ]
    # Tracking: with what stands before it, written like 'because of'.
    assert {word for word in taken if not word.endswith("מעקב")} == set()


@pytest.mark.parametrize(
    "text",
    [
        *("", "Clicks came.", "{clicks}" + " came" * 100, "{clicks} {", "{clicks}}", "{ clicks }"),
        *("{CLICKS} came", "{clicks} came\n", "{clicks}\u202e came", "{clicks} c\u0430me"),
        *("{clicks} came to lnk_a", "{clicks} **came**", "{clicks} <a>", "{clicks}/{span}"),
    ],
)
def test_nothing_but_words_and_facts(text: str) -> None:
    assert _refused("en", "summary", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_code_says_by_itself_would_be_taken(language: Language) -> None:
    texts = {"en": texts_en, "he": texts_he}[language]
    units = {"usual": "usual_clicks", "before": "clicks_before"}
    every = [one for of in texts.TEXTS.values() for one in of]
    reasons = [one for of in texts.REASONS.values() for one in of]
    for sentence in [*every, *texts.SUMMARY, *reasons]:
        names = placeholders.names(sentence)
        facts = {name: Fact(1, units.get(name, "clicks")) for name in names}
        assert grounded.refusal(sentence, facts, language) is None, sentence


def test_both_languages_tell_of_the_same() -> None:
    assert texts_en.TEXTS.keys() == texts_he.TEXTS.keys()
    for kind, sentences in texts_en.TEXTS.items():
        both = [{*placeholders.names(" ".join(of))} for of in (sentences, texts_he.TEXTS[kind])]
        assert both[0] == both[1], kind


@pytest.mark.parametrize(
    ("fact", "text", "said"),
    [
        (Fact(1, "clicks"), "{one} הגיעו ב-{day}.", "קליק אחד הגיע ב-5 בנובמבר 2026."),
        (Fact(1, "clicks"), "ב-{day} היו {one}.", "ב-5 בנובמבר 2026 היה קליק אחד."),
        (Fact(1, "scans"), "ב-{day} הגיעו {one}.", "ב-5 בנובמבר 2026 הגיעה סריקה אחת."),
        (Fact(1, "conversions"), "{one} נרשמו.", "המרה אחת נרשמה."),
        (Fact(0, "clicks"), "{one} הגיעו.", "0 קליקים הגיעו."),
        (Fact(2, "clicks"), "{one} הגיעו.", "2 קליקים הגיעו."),
        (Fact(1.0, "percent"), "{one} הגיעו.", "1% הגיעו."),
    ],
)
def test_a_hebrew_verb_of_one_of_something(fact: Fact, text: str, said: str) -> None:
    facts = {"one": fact, "day": Fact("2026-11-05/2026-11-05", "days")}
    assert placeholders.filled(text, facts, "he") == said


def test_no_hebrew_text_of_code_has_a_plural_verb_for_one() -> None:
    every = [one for of in texts_he.TEXTS.values() for one in of]
    for sentence in [*every, *texts_he.SUMMARY]:
        names = placeholders.names(sentence)
        facts = {name: Fact("2026-11-05/2026-11-05", "days") for name in names}
        facts["clicks"] = Fact(1, "clicks")
        said = placeholders.filled(sentence, facts, "he")
        assert not re.search("הגיעו קליק אחד|קליק אחד הגיעו", said), said


@pytest.mark.parametrize(
    ("fact", "english", "hebrew"),
    [
        (Fact(1204, "clicks"), "1,204 clicks", "1,204 קליקים"),
        (Fact(1, "clicks"), "1 click", "קליק אחד"),
        (Fact(60, "usual_clicks"), "the usual 60 clicks", "60 קליקים בדרך כלל"),
        (Fact(-80.0, "change"), "80% fewer", "80% פחות"),
        (Fact(37.5, "change"), "37.5% more", "37.5% יותר"),
        (Fact("2026-11-05/2026-11-05", "days"), "5 November 2026", "5 בנובמבר 2026"),
        (
            Fact("2026-11-05/2026-12-01", "days"),
            "5 November 2026 to 1 December 2026",
            "5 בנובמבר 2026 עד 1 בדצמבר 2026",
        ),
        (Fact("6", "weekday"), "Sundays", "ימי ראשון"),
        (Fact("23:00", "hour"), "23:00 to 00:00", "23:00 עד 00:00"),
        (Fact("mobile", "device"), "mobile phones", "טלפונים ניידים"),
        (Fact("IL", "country"), "the country IL", "המדינה \u2068IL\u2069"),
    ],
)
def test_a_value_in_each_language(fact: Fact, english: str, hebrew: str) -> None:
    assert values.worded(fact, "en") == english
    assert values.worded(fact, "he") == hebrew


def test_a_title_turns_no_text_and_is_no_markup() -> None:
    title = Fact("\u202e<b>מבצע</b>\u2066 {clicks}\n x" + "y" * 100, "name")
    for language in LANGUAGES:
        shown = values.worded(title, language)
        inside = shown.strip("“”״")
        assert inside.startswith("\u2068")
        assert inside.endswith("\u2069")
        assert not set("<>{}\n\u202e\u2066") & set(shown)
        assert len(inside) <= 62
