"""The voices that Twilio has for `<Say>`, and the languages that it understands in `<Gather>`.

As its SDK lists them, https://github.com/twilio/twilio-java, `Say.Voice` and `Gather.Language`; to
which language a voice of Polly belongs, https://docs.aws.amazon.com/polly/latest/dg/voicelist.html.
"""

import re

_UNDERSTOOD = """
    af-ZA am-ET ar-AE ar-BH ar-DZ ar-EG ar-IL ar-IQ ar-JO ar-KW ar-LB ar-MA ar-OM ar-PS ar-QA
    ar-SA ar-TN az-AZ bg-BG bn-BD bn-IN ca-ES cmn-Hans-CN cmn-Hant-TW cs-CZ da-DK de-DE el-GR
    en-AU en-CA en-GB en-GH en-IE en-IN en-KE en-NG en-NZ en-PH en-SG en-TZ en-US en-ZA es-AR
    es-BO es-CL es-CO es-CR es-DO es-EC es-ES es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-PY
    es-SV es-US es-UY es-VE et-EE eu-ES fa-IR fi-FI fil-PH fr-CA fr-FR gl-ES gu-IN he-IL hi-IN
    hr-HR hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID ka-GE km-KH kn-IN ko-KR lo-LA lt-LT lv-LV
    mk-MK ml-IN mn-MN mr-IN ms-MY my-MM nar-IQ nb-NO ne-NP nl-BE nl-NL pa-guru-IN pl-PL pt-BR
    pt-PT ro-RO ru-RU si-LK sk-SK sl-SI sq-AL sr-RS su-ID sv-SE sw-KE sw-TZ ta-IN ta-LK ta-MY
    ta-SG te-IN th-TH tr-TR uk-UA ur-IN ur-PK uz-UZ vi-VN yue-Hant-HK zh-TW zu-ZA
"""
UNDERSTOOD = frozenset(_UNDERSTOOD.split())
# By the language that `<Say>` calls theirs, the one that speaks unless another is chosen first.
# s: `Polly.Joanna`; n: `Polly.Joanna-Neural`; g: `Polly.Joanna-Generative`.
_POLLY = {
    "ar-AE": "Hala:n Zayd:n",
    "arb": "Zeina:s",
    "ca-ES": "Arlet:n",
    "cmn-CN": "Zhiyu:sn",
    "cy-GB": "Gwyneth:s",
    "da-DK": "Naja:s Mads:s Sofie:n",
    "de-AT": "Hannah:n",
    "de-DE": "Vicki:sng Marlene:s Hans:s Daniel:ng",
    "en-AU": "Nicole:s Russell:s Olivia:ng",
    "en-GB": "Amy:sng Emma:sn Brian:sn Arthur:n",
    "en-GB-WLS": "Geraint:s",
    "en-IE": "Niamh:n",
    "en-IN": "Raveena:s Aditi:s Kajal:ng",
    "en-NZ": "Aria:n",
    "en-US": "Joanna:sng Salli:sn Kendra:sn Kimberly:sn Ivy:sn Joey:sn Justin:sn Kevin:sn"
    " Matthew:sng Danielle:ng Gregory:n Ruth:ng Stephen:ng",
    "en-ZA": "Ayanda:ng",
    "es-ES": "Lucia:sng Conchita:s Enrique:s Sergio:ng",
    "es-MX": "Mia:sn Mía:g Andres:ng",
    "es-US": "Lupe:sng Penelope:s Miguel:s Pedro:ng",
    "fi-FI": "Suvi:n",
    "fr-BE": "Isabelle:n",
    "fr-CA": "Chantal:s Gabrielle:n Liam:n",
    "fr-FR": "Lea:sng Celine:s Mathieu:s Remi:n Rémi:g",
    "hi-IN": "Aditi:s Kajal:n",
    "is-IS": "Dora:s Karl:s",
    "it-IT": "Bianca:sng Carla:s Giorgio:s Adriano:n",
    "ja-JP": "Mizuki:s Takumi:sn Kazuha:n Tomoko:n",
    "ko-KR": "Seoyeon:sn",
    "nb-NO": "Liv:s Ida:n",
    "nl-BE": "Lisa:n",
    "nl-NL": "Lotte:s Ruben:s Laura:n",
    "pl-PL": "Ewa:s Maja:s Jacek:s Jan:s Ola:n",
    "pt-BR": "Camila:sn Vitoria:sn Ricardo:s Thiago:n",
    "pt-PT": "Ines:sn Cristiano:s",
    "ro-RO": "Carmen:s",
    "ru-RU": "Tatyana:s Maxim:s",
    "sv-SE": "Astrid:s Elin:n",
    "tr-TR": "Filiz:s Burcu:n",
}
_KINDS = {"": "s", "Neural": "n", "Generative": "g"}
# `Standard-AB`: `Google.af-ZA-Standard-A` and `-B`; `Chirp3-HD` are the eight of that name.
_GOOGLE = {
    "af-ZA": "Standard-A",
    "am-ET": "Standard-AB Wavenet-AB",
    "ar-XA": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "bg-BG": "Standard-AB",
    "bn-IN": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "ca-ES": "Standard-AB",
    "cmn-CN": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "cmn-TW": "Standard-ABC Wavenet-ABC",
    "cs-CZ": "Standard-AB Wavenet-AB",
    "da-DK": "Standard-ACDEFG Wavenet-ACDEFG Neural2-DF",
    "de-DE": "Standard-ABCDEFGH Wavenet-ABCDEFGH Neural2-ABCDFGH Chirp3-HD",
    "el-GR": "Standard-AB Wavenet-AB",
    "en-AU": "Standard-ABCD Wavenet-ABCD Neural2-ABCD Chirp3-HD",
    "en-GB": "Standard-ABCDFNO Wavenet-ABCDFNO Neural2-ABCDFNO Chirp3-HD",
    "en-IN": "Standard-ABCDEF Wavenet-ABCDEF Neural2-ABCD Chirp3-HD",
    "en-US": "Standard-ABCDEFGHIJ Wavenet-ABCDEFGHIJ Neural2-ACDEFGHIJ Chirp3-HD",
    "es-ES": "Standard-ABCDEFGH Wavenet-BCDEFGH Neural2-ABCDEFGH Chirp3-HD",
    "es-US": "Standard-ABC Wavenet-ABC Neural2-ABC Chirp3-HD",
    "eu-ES": "Standard-AB",
    "fi-FI": "Standard-AB Wavenet-AB",
    "fil-PH": "Standard-ABCD Wavenet-ABCD",
    "fr-CA": "Standard-ABCD Wavenet-ABCD Neural2-ABCD Chirp3-HD",
    "fr-FR": "Standard-ABCDEFG Wavenet-ABCDEFG Neural2-ABCDEFG Chirp3-HD",
    "gl-ES": "Standard-AB",
    "gu-IN": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "he-IL": "Standard-ABCD Wavenet-ABCD",
    "hi-IN": "Standard-ABCDEF Wavenet-ABCDEF Neural2-ABCD Chirp3-HD",
    "hu-HU": "Standard-AB Wavenet-A",
    "id-ID": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "is-IS": "Standard-AB",
    "it-IT": "Standard-ABCDEF Wavenet-ABCDEF Neural2-ACF Chirp3-HD",
    "ja-JP": "Standard-ABCD Wavenet-ABCD Neural2-BCD Chirp3-HD",
    "kn-IN": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "ko-KR": "Standard-ABCD Wavenet-ABCD Neural2-ABC Chirp3-HD",
    "lt-LT": "Standard-AB",
    "lv-LV": "Standard-AB",
    "ml-IN": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "mr-IN": "Standard-ABC Wavenet-ABC Chirp3-HD",
    "ms-MY": "Standard-ABCD Wavenet-ABCD",
    "nb-NO": "Standard-ABCDEFG Wavenet-ABCDEFG",
    "nl-BE": "Standard-ABCD Wavenet-ABCD",
    "nl-NL": "Standard-ABCDEFG Wavenet-ABCDEFG Chirp3-HD",
    "pa-IN": "Standard-ABCD Wavenet-ABCD",
    "pl-PL": "Standard-ABCDEFG Wavenet-ABCDEFG Chirp3-HD",
    "pt-BR": "Standard-ABCDE Wavenet-ABCDE Neural2-ABC Chirp3-HD",
    "pt-PT": "Standard-ABCDEF Wavenet-ABCDEF",
    "ro-RO": "Standard-AB Wavenet-AB",
    "ru-RU": "Standard-ABCDE Wavenet-ABCDE Chirp3-HD",
    "sk-SK": "Standard-AB Wavenet-AB",
    "sr-RS": "Standard-A",
    "sv-SE": "Standard-ABCDEFG Wavenet-ABCDEFG",
    "ta-IN": "Standard-ABCD Wavenet-ABCD Chirp3-HD",
    "te-IN": "Standard-ABCD Chirp3-HD",
    "th-TH": "Standard-A Neural2-C Chirp3-HD",
    "tr-TR": "Standard-ABCDE Wavenet-ABCDE Chirp3-HD",
    "uk-UA": "Standard-A Wavenet-A",
    "vi-VN": "Standard-ABCD Wavenet-ABCD Neural2-AD Chirp3-HD",
    "yue-HK": "Standard-ABCD",
}
_GOOGLE_NAME = re.compile(r"([a-z]{2,3}-[A-Z]{2})-(Standard|Wavenet|Neural2|Chirp3-HD)-([A-Za-z]+)")
_CHIRP3_HD = {"Aoede", "Charon", "Fenrir", "Kore", "Leda", "Orus", "Puck", "Zephyr"}
# Twilio's own, of old.
_BASIC = {
    **dict.fromkeys(("man", "woman"), "de-DE en-GB en-US es-ES fr-FR it-IT"),
    "alice": "ca-ES da-DK de-DE en-AU en-CA en-GB en-IN en-US es-ES es-MX fi-FI fr-CA fr-FR it-IT"
    " ja-JP ko-KR nb-NO nl-NL pl-PL pt-BR pt-PT ru-RU sv-SE",
}


def is_one(voice: str) -> bool:
    """Whether it is named as only Twilio's are; there may be no such voice."""
    return voice in _BASIC or "." in voice


def languages(voice: str) -> list[str]:
    """What a voice speaks, by Twilio's names; nothing if there is no such voice."""
    vendor, _, name = voice.partition(".")
    if voice in _BASIC:
        return _BASIC[voice].split()
    if vendor == "Google":
        return _of_google(name)
    return _of_polly(name) if vendor == "Polly" else []


def first(language: str) -> str | None:
    """The voice that speaks a language unless another one is chosen; None if none does."""
    if language in _POLLY:
        name, _, kinds = _POLLY[language].split()[0].partition(":")
        kind = next(kind for kind, letter in _KINDS.items() if letter == kinds[0])
        return f"Polly.{name}-{kind}".rstrip("-")
    if language in _GOOGLE:
        kind, _, letters = _GOOGLE[language].split()[0].partition("-")
        return f"Google.{language}-{kind}-{letters[0]}"
    return None


def _of_polly(name: str) -> list[str]:
    name, _, kind = name.partition("-")
    letter = _KINDS.get(kind)
    return [
        language
        for language, voices in _POLLY.items()
        for one, _, kinds in (voice.partition(":") for voice in voices.split())
        if one == name and letter and letter in kinds
    ]


def _of_google(name: str) -> list[str]:
    found = _GOOGLE_NAME.fullmatch(name)
    if found is None:
        return []
    language, kind, one = found.groups()
    kinds = _GOOGLE.get(language, "").split()
    if kind == "Chirp3-HD":
        return [language] if kind in kinds and one in _CHIRP3_HD else []
    is_there = any(each.startswith(f"{kind}-") and one in each[len(kind) + 1 :] for each in kinds)
    return [language] if is_there and len(one) == 1 else []
