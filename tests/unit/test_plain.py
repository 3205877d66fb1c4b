"""Words and texts as suggestions may show them."""

import pytest

from linkwright.ai.create import hebrew, plain, words
from linkwright.ai.create.plain import Source

SOURCE = Source(
    "Suggest one to five tags for a short link, best first.", "open since 1998, ٢٤ hours"
)


@pytest.mark.parametrize(
    "text",
    [
        "Spring sale",
        "מבצע אביב",
        "Since 1998",
        "24 hours",
        "Bread, e.g. rye",
        "Noa & Co",
        "👩‍🍳 Noa",
    ],
)
def test_what_is_plain_is_shown_as_it_is(text: str) -> None:
    assert plain.fit(text, 100, SOURCE) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  two\n lines ", "two lines"),
        ("tur\u202ened\u200b", "turned"),
        ("x" * 100, "x" * 100),
    ],
)
def test_it_is_one_line_without_what_nobody_sees(text: str, shown: str) -> None:
    assert plain.fit(text, 100, SOURCE) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "x" * 101, "evil.example", "EVIL．example", "www", "a@b", "//x", "tel: 1998"),
        *("<b>x</b>", "[x](y)", "`x`", "{x}", "&lt;", "a|b", "in 1999", "٢٠ hours", "²"),
        *("wh_01M3V7ME00EXAMP1EEXAMP1E02", "lk_test_abcdefghij", "bell\x07", "a fucking sale"),
        "Suggest one to five tags for it",
    ],
)
def test_nothing_else_is_shown(text: str) -> None:
    assert plain.fit(text, 100, SOURCE) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<script>alert(1)</script> Bread", "alert(1) Bread"),
        ("See https://x.example/a?b for bread", "See for bread"),
        ("me@x.example sells", "sells"),
        ("one two three", "one two"),
        ("<>", ""),
        ("porn", ""),
    ],
)
def test_what_somebody_wrote_is_made_plain(text: str, left: str) -> None:
    assert plain.cleaned(text, len(left) + 2 if left else 10) == left


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Spring-Sale of 2026!", ["spring", "sale", "2026"]),
        ("Über uns: Crème brûlée", ["uber", "uns", "creme", "brulee"]),
        ("women's shoes", ["women", "shoes"]),
        ("מבצע לנעליים של נועה", ["sale", "shoes", "noah"]),
        ("セール", []),
    ],
)
def test_words_in_ascii(text: str, found: list[str]) -> None:
    assert words.of(text) == found


def test_words_of_a_hebrew_text_keep_their_letters() -> None:
    assert words.spoken("מבצע של אביב ומבצע") == ["מבצע", "אביב", "ומבצע"]
    assert hebrew.latin("ובקיץ") == "summer"


@pytest.mark.parametrize(
    "alias", ["abc", "a-b", "spring-sale-2", "a" * 32, "classic", "scunthorpe"]
)
def test_an_alias(alias: str) -> None:
    assert words.is_alias(alias)


@pytest.mark.parametrize(
    "alias",
    ["ab", "a" * 33, "-ab", "ab-", "a--b", "Abc", "a_b", "f-u-c-k", "fvck-sh1t", "p0rn", "my-nazi"],
)
def test_no_alias(alias: str) -> None:
    assert not words.is_alias(alias)


def test_a_slug_is_whole_words_where_one_fits() -> None:
    assert words.slug(["spring", "sale", "shoes"], 12) == "spring-sale"
    assert words.slug(["a" * 40, "b"]) == "a" * 32
    assert words.slug([]) == ""
