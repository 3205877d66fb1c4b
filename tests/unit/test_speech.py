"""What can be said of what a model wrote, and words in the form in which they are compared."""

import time
import unicodedata

import pytest

from linkwright.voice.language.text import plain, spoken

HIDDEN = {
    "bidi": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "width": "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "controls": "\x00\x07\x1b\x7f\x85\u2028\u2029\ud800\ue000\uffff",
}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hello.", "Hello."),
        ("  Two\n\tlines\r\n", "Two lines"),
        ("**Bold** and _this_ and `that`", "Bold and this and that"),
        ("# Heading\n- one\n- two", "Heading - one - two"),
        ("a | b > c ~d~ {e} [f] \\g", "a b c d e f g"),
        ("<Say>Hello</Say><Dial>+1900</Dial>", "Say Hello /Say Dial +1900 /Dial"),
        ("5 < 6", "5 6"),
        # Names of languages and people, vowel points and marks above letters stay.
        ("שָׁלוֹם, מה נשמע?", "שָׁלוֹם, מה נשמע?"),
        ("مَرْحَباً، كيف حالك؟", "مَرْحَباً، كيف حالك؟"),
        ("It is 20°, he's at Dr. Lévy's, 3.5/5", "It is 20°, he's at Dr. Lévy's, 3.5/5"),
        ("Write to dana@example.com", "Write to dana@example.com"),
    ],
)
def test_it_is_one_line_without_marks(written: str, said: str) -> None:
    assert spoken(written, 600) == said


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/?d=1",
        "HTTP://EVIL.TEST",
        "www.evil.test",
        "evil.test/steal?d=1",
        "ftp://evil.test/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "tel:+19005550100",
        "mailto:a@evil.test",
        "![](https://evil.test?d=secret)",
        "[press here](https://evil.test)",
        "[press here](//evil.test)",
        # A link only for who does not see what is between.
        "ht\u200btps://evil.test/x",
        "https\u202e://evil.test",
        "w\u00adww.evil.test",
    ],
)
def test_no_link_is_said(link: str) -> None:
    assert spoken(f"Look at {link} now.", 600) in {"Look at now.", "Look at . now."}
    assert spoken(link, 600) == ""


@pytest.mark.parametrize("hidden", sorted(HIDDEN))
def test_nothing_hidden_is_said(hidden: str) -> None:
    for one in HIDDEN[hidden]:
        said = spoken(f"one{one} two{one}", 600)
        assert said == "one two", hex(ord(one))
        assert spoken(one * 3, 600) == ""


@pytest.mark.parametrize(
    "emoji", ["😀", "👍🏽", "👩‍👩‍👧", "🇮🇱", "❤️", "☎", "✅", "🏴\U000e0067\U000e0062\U000e007f"]
)
def test_no_emoji_is_said(emoji: str) -> None:
    assert spoken(f"Good {emoji} day", 600) == "Good day"
    assert spoken(emoji, 600) == ""


def test_a_key_with_a_number_is_the_number() -> None:
    assert spoken("Press 1️⃣", 600) == "Press 1"


@pytest.mark.parametrize("most", [1, 7, 600])
@pytest.mark.parametrize("word", ["word", "שלום", "مرحبا", "e\u0301te\u0301"])
def test_what_is_too_long_ends_at_a_word(word: str, most: int) -> None:
    said = spoken(f"{word} " * 1_000, most)
    assert len(said) <= most
    if most > len(word):
        assert set(said.split()) == {word}
        assert len(said) > most - len(word) - 2
    else:
        # A word that is longer than all is cut itself.
        assert said == word[:most]


def test_what_is_as_long_as_it_may_be_is_whole() -> None:
    text = "five five"
    assert spoken(text, len(text)) == text
    assert spoken(text, len(text) - 1) == "five"


def test_what_only_marks_make_is_nothing() -> None:
    assert spoken("*** ``` ### | <> {}", 600) == ""
    assert spoken("", 600) == ""


@pytest.mark.parametrize(
    "text", ["a.a." * 500, "[" * 2_000, "a" * 2_000, "![](" * 500, "a-" * 1_000, ":" * 2_000]
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    spoken(text, 600)
    plain(text)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("heard", "form"),
    [
        ("Don’t CALL me!", "dont call me |"),
        ("Yes - no; well", "yes | no | well"),
        ("allez-y", "allez y"),
        ("שָׁלוֹם", "שלום"),
        ("צ׳ק", "צק"),
        ("أُرِيدُ إلى القُوّة", "اريد الي القوه"),
        ("\u200fכן\u200f", "כן"),
        ("ﬁne", "fine"),
    ],
)
def test_spellings_that_are_alike_are_one(heard: str, form: str) -> None:
    assert plain(heard) == form
    assert plain(unicodedata.normalize("NFD", heard)) == form
