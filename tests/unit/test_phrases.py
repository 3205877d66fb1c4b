"""The texts that no model makes up, and what is understood of a callee without one."""

from dataclasses import fields
from string import Formatter

import pytest

from linkwright.providers.speech.speaker import speaker
from linkwright.voice.language import opt_out, phrases, recognition
from linkwright.voice.language.announcements import (
    is_greeting,
    is_menu,
    is_screening,
    is_to_wait,
    may_be_a_machine,
)
from linkwright.voice.language.phrases import Phrases
from linkwright.voice.language.recognition import is_farewell, is_yes
from linkwright.voice.language.text import spoken

LANGUAGES = sorted(phrases._LANGUAGES)
NAMED = {"disclosed", "introduced"}
# What a text in a language is written in; a phrase that was pasted into another has letters of it.
SCRIPTS = {"he": "\u0590-\u05ff", "ar": "\u0600-\u06ff", "ru": "\u0400-\u04ff"}


def _texts(language: str) -> dict[str, str]:
    words = phrases.phrases(language)
    texts = {one.name: getattr(words, one.name) for one in fields(Phrases)}
    replies = texts.pop("replies")
    return texts | {f"replies[{at}]": text for at, text in enumerate(replies)}


def _placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def _script(text: str) -> str:
    letters = [one for one in text if one.isalpha()]
    for language, (first, _, last) in SCRIPTS.items():
        if all(first <= one <= last for one in letters):
            return language
    return "latin" if all(ord(one) < 0x250 for one in letters) else "mixed"


def test_hebrew_arabic_and_english_are_spoken_and_more() -> None:
    assert {"he", "ar", "en"} < set(LANGUAGES)
    assert set(recognition._LANGUAGES) == set(LANGUAGES)
    assert len(LANGUAGES) == 9


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_there_names_what_it_should_and_can_be_said(language: str) -> None:
    texts = _texts(language)
    # Twelve phrases, and three replies.
    assert len(texts) == 15
    for name, text in texts.items():
        assert _placeholders(text) == (["name"] if name in NAMED else []), name
        bare = text.replace("{name}", "")
        assert spoken(bare, 500) == " ".join(bare.split()), name
        assert bare.rstrip()[-1] in ".?؟", name
        assert _script(bare) == (language if language in SCRIPTS else "latin"), name
    assert len(set(texts.values())) == len(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_of_ours_is_taken_for_a_callees(language: str) -> None:
    for name, text in _texts(language).items():
        assert not opt_out.is_asked(text), name
        assert not is_screening([text]), name
        assert not is_menu([text]), name


def test_a_language_with_a_region_is_the_language_and_an_unknown_one_english() -> None:
    assert phrases.phrases("he-IL") is phrases.phrases("he")
    assert phrases.phrases("pt-PT") is phrases.phrases("pt-BR")
    assert phrases.phrases("tr-TR") is phrases.phrases("en")
    assert is_yes("yes", "tr-TR")
    assert not is_yes("evet", "tr-TR")


def test_every_language_has_a_voice_of_its_own() -> None:
    for language in LANGUAGES:
        by = speaker(language, "dana")
        assert by.understood.startswith(f"{language}-")
        assert by.spoken.startswith(f"{language}-")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_is_understood_is_understood(language: str) -> None:
    words = recognition._LANGUAGES[language]
    for word in words.yes.split("|"):
        assert is_yes(word.upper(), language), word
        assert is_yes(f"{word}.", language), word
    for word in words.fine.split("|"):
        assert is_yes(word, language), word
    first = words.yes.partition("|")[0]
    for word in words.doubt.split("|"):
        assert not is_yes(word, language), word
        assert not is_yes(f"{first} {word}", language), word
        assert not is_yes(f"{word}, {first}", language), word
    for word in words.farewell.split("|"):
        assert is_farewell(f"... {word}!", language), word


YES = [
    ("en", "Yes."),
    ("en", "yes, this is a good moment"),
    ("en", "Yeah, sure."),
    ("en", "Sure, thanks."),
    ("en", "OK thank you"),
    ("en", "Okay."),
    ("en", "Of course you may record."),
    ("en", "No problem."),
    ("en", "I don't mind."),
    ("en", "Hello, yes please go ahead"),
    ("en-GB", "That's fine"),
    ("he", "כן"),
    ("he", "כן, זה זמן טוב."),
    ("he-IL", "כן בבקשה"),
    ("he", "בטח"),
    ("he", "בְּסֵדֶר גָּמוּר"),
    ("he", "אין בעיה"),
    ("he", "אפשר להקליט"),
    ("he", "\u200fכן\u200f, תודה"),
    ("ar", "نعم"),
    ("ar", "نعم، الوقت مناسب."),
    ("ar", "أيوه"),
    ("ar", "لا مانع"),
    ("ar", "مُوافَقة"),
    ("ar", "تمام شكراً"),
    ("de", "Ja, gerne."),
    ("de", "Kein Problem"),
    ("es", "Sí, claro."),
    ("es", "Vale, gracias"),
    ("fr", "D’accord."),
    ("fr", "Oui, pas de problème"),
    ("it", "Va bene, grazie"),
    ("pt", "Sim, pode gravar"),
    ("ru", "Да, конечно"),
]
NOT_YES = [
    ("en", ""),
    ("en", "No."),
    ("en", "Maybe."),
    ("en", "Yes but no"),
    ("en", "Yes, I mean no."),
    ("en", "Of course not."),
    ("en", "No, no problem"),
    ("en", "Yes? Who is this"),
    ("en", "OK who is this"),
    ("en", "Fine thanks and you"),
    ("en", "okay call me tomorrow"),
    ("en", "Yesterday"),
    ("en", "I'd rather you didn't"),
    ("en", "Yes, if you delete it afterwards"),
    ("en", "Thank you."),
    ("en", "Hello"),
    ("en", "כן"),
    ("he", "לא"),
    ("he", "בטח שלא"),
    ("he", "כן ולא"),
    ("he", "אולי"),
    ("he", "לכן"),
    ("he", "כן, אבל בלי הקלטה"),
    ("he", "אני מעדיף שלא"),
    ("he", "כן? מי זה?"),
    ("he", "כן מי מדבר"),
    ("he", "אפשר לדעת מי זה"),
    ("he", "אפשר לדבר אחר כך"),
    ("he", "מסכים? ממש לא"),
    ("he", "תודה"),
    ("ar", "لا"),
    ("ar", "طبعا لا"),
    ("ar", "نعم؟"),
    ("ar", "نعم ولكن بدون تسجيل"),
    ("ar", "ربما"),
    ("ar", "غير موافق"),
    ("ar", "ممكن أعرف مين معي"),
    ("ar", "شكرا"),
    ("de", "Natürlich nicht"),
    ("de", "Lieber nicht, danke"),
    ("es", "Claro que no"),
    ("es", "No sé, quizás"),
    ("fr", "Bien sûr que non"),
    ("fr", "Peut-être"),
    ("it", "Certo, ma non adesso"),
    ("pt", "Claro que não"),
    ("ru", "Да нет"),
    ("ru", "Конечно нет"),
]


@pytest.mark.parametrize(("language", "text"), YES)
def test_a_plain_yes(language: str, text: str) -> None:
    assert is_yes(text, language)


@pytest.mark.parametrize(("language", "text"), NOT_YES)
def test_no_plain_yes(language: str, text: str) -> None:
    assert not is_yes(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Thank you, goodbye."),
        ("en-US", "OK, bye!"),
        ("he", "תודה, להתראות."),
        ("he-IL", "ביי"),
        ("ar", "شكرا، مع السلامة."),
        ("ar", "إلى اللقاء"),
        ("de", "Tschüß, auf Wiederhören"),
        ("fr", "Au revoir !"),
        ("ru", "До свидания"),
    ],
)
def test_a_farewell(language: str, text: str) -> None:
    assert is_farewell(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "By the way"),
        ("en", "Buy one"),
        ("he", "שלום"),
        ("he", "אוביי"),
        ("ar", "السلام عليكم"),
        ("en", ""),
    ],
)
def test_no_farewell(language: str, text: str) -> None:
    assert not is_farewell(text, language)


APPLE = "Hi, if you record your name and reason for calling, I’ll see if this person is available."
GOOGLE = (
    "Hi, the person you're calling is using a screening service from Google, and will get a copy of"
    " this conversation. Go ahead and say your name, and why you're calling."
)


@pytest.mark.parametrize(
    "text",
    [
        APPLE,
        GOOGLE,
        "Hi, I'm Call Assist by Google recording this call for the person you're trying to reach.",
        "Before I try to connect you, can I ask what you're calling about?",
        "Please state your name and the reason for your call.",
        "Please state your name after the tone and Google Voice will try to connect you.",
        "Your call is being screened. Please state the purpose of your call.",
        "שלום. מי שחייגתם אליו מסנן שיחות. מי מתקשר, ומה הסיבה?",
        "مرحبا. الشخص الذي تتصل به يستخدم خدمة فرز المكالمات. من المتصل وما السبب؟",
        "Hola, diga su nombre y el motivo de la llamada.",
        "Bonjour, indiquez votre nom et la raison de votre appel.",
        "Bitte nennen Sie Ihren Namen und den Grund Ihres Anrufs.",
        "Diga o seu nome e o motivo da chamada.",
    ],
)
def test_what_a_screening_says(text: str) -> None:
    assert is_screening([text])
    assert is_to_wait(text)


@pytest.mark.parametrize(
    "text",
    [
        "Yes, who is calling?",
        "What is the reason for your call?",
        "Hold on.",
        "Stay on the line, please.",
        "My name is Noa.",
        "כן, מי זה?",
        "من المتصل؟",
        "",
    ],
)
def test_a_person_who_answers_is_no_screening(text: str) -> None:
    assert not is_screening([text])


def test_a_screening_goes_on_until_a_person_speaks() -> None:
    wait = "Thanks. Please stay on the line."
    assert is_screening([APPLE, wait])
    assert is_screening([GOOGLE, GOOGLE, wait])
    assert not is_screening([APPLE, wait, "Yes?"])
    assert not is_screening([APPLE, "Yes?", wait])
    # A clinic may well talk of one.
    assert not is_screening(["Hello?", "I got a letter from the screening service."])
    assert not is_screening([])


@pytest.mark.parametrize(
    "text",
    [
        "Hold on a second.",
        "One moment, please",
        "רגע בבקשה",
        "لحظة من فضلك",
        "Einen Moment",
    ],
)
def test_who_asks_to_wait(text: str) -> None:
    assert is_to_wait(text)


@pytest.mark.parametrize("text", ["Yes.", "", "This is a momentous day.", "כן"])
def test_who_does_not(text: str) -> None:
    assert not is_to_wait(text)


@pytest.mark.parametrize(
    "text",
    [
        "You've reached Noa Levi. Please leave a message after the tone.",
        "Hi, this is Noa, I can't come to the phone right now.",
        "The person you are calling is not available.",
        "Leave me a brief message and I'll call you back.",
        "הגעתם לתא הקולי של נועה. נא להשאיר הודעה לאחר הצליל.",
        "תשאירו הודעה ואחזור אליכם.",
        "המנוי אינו זמין כרגע.",
        "يرجى ترك رسالة بعد سماع الصافرة.",
        "الرقم المطلوب غير متاح.",
        "Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
        "Deje un mensaje después de la señal.",
        "Veuillez laisser un message après le bip.",
        "Lasciate un messaggio dopo il segnale acustico.",
        "Deixe a sua mensagem após o sinal.",
        "Оставьте ваше сообщение после сигнала.",
    ],
)
def test_what_a_voicemail_says(text: str) -> None:
    assert is_greeting(text)


@pytest.mark.parametrize(
    "text",
    [
        "Yes, I'm here.",
        "Hello? Who is this?",
        "Send me a message instead.",
        "I am not available on Tuesday.",
        "כן, אני פה.",
        "תשלחו לי הודעה.",
        "نعم، أنا هنا.",
        "Ja, hier bin ich.",
        "Sí, dígame.",
        "Oui, j'écoute.",
        "Sì, pronto.",
        "Sim, estou aqui.",
        "Да, слушаю.",
        "",
    ],
)
def test_a_person_who_picks_up_is_no_voicemail(text: str) -> None:
    assert not is_greeting(text)


MENUS = [
    "Thank you for calling Acme. For sales, press 1. For support, press 2.",
    "You have reached the clinic. Press one for appointments.",
    "If you know your party's extension, dial it now.",
    "Please listen carefully, as our menu has changed.",
    "Para español, marque el dos.",
    "שלום, הגעתם לחברת אקמי. לשירות לקוחות הקישו 1.",
    "למכירות, נא להקיש שתיים",
    "للمبيعات اضغط 1، وللدعم اضغط 2.",
    "للعربية اضغط على الرقم ١",
    "Für den Vertrieb drücken Sie bitte die 1.",
    "Willkommen bei Acme. Drücken Sie die Taste zwei für den Kundendienst.",
    "Para ventas, pulse 1; para soporte, pulse 2.",
    "Gracias por llamar a Acme. Oprima el número tres.",
    "Pour le service commercial, tapez 1.",
    "Bienvenue chez Acme. Appuyez sur la touche deux.",
    "Per l'assistenza prema il tasto 2.",
    "Para vendas, digite 1.",
    "Para vendas, pressione a tecla um; para suporte, pressione a tecla três.",
    "Чтобы связаться с отделом продаж, нажмите 1.",
    "Добро пожаловать. Нажмите цифру два.",
]
NO_MENUS = [
    "Press nine for what?",
    "I pressed nine.",
    "Do I have to press 1?",
    "do I need to press one",
    "Should I press 2 now",
    "Press 9 to repeat.",
    "At the tone, please record your message. When you are done, press 1 for more options.",
    "Yes, one moment.",
    "The press wrote about it.",
    "אני צריך להקיש תשע?",
    "Was soll ich drücken?",
    "¿Qué tengo que pulsar?",
    "Faites comme vous voulez.",
    "",
]
# A menu that is eaten from, and the way to somebody's door.
DOORS = [
    "Yes, hello, I wanted to ask you about the menu for Saturday.",
    "Hi! You are calling about our menu, right, go ahead.",
    "I am looking at the menu right now, the vegan one.",
    "Dial two when you arrive, and I will open the gate.",
    "Just press 4 at the door downstairs.",
    "To get in, press 4 at the door.",
    "The main menu is fine, but without nuts.",
    "תלחצו 4 בכניסה.",
    "اضغط 4 عند الباب.",
    "Drücken Sie unten die Vier, bitte.",
    "Pulse el cuatro en la puerta.",
    "Appuyez sur le 4 à la porte.",
    "Prema il 4 al portone.",
    "Aperte o 4 na porta.",
    "Нажмите 4 у двери.",
]
# Persons who name what a voicemail names.
NO_VOICEMAILS = [
    "She is not here at the moment. Would you like to leave a message?",
    "Sorry, I can't come to the phone, I'm driving.",
    "You left me a message on my voicemail yesterday.",
    "The manager is not available at the moment, who is calling?",
    "My mailbox is full, send me an e-mail.",
    "You have reached the wrong number.",
    "הוא לא זמין כרגע, מי מדבר?",
    "השארתם לי הודעה אתמול.",
    "هو غير متاح الآن، من المتصل؟",
    "Sie haben mir eine Nachricht hinterlassen.",
    "Me dejó un mensaje ayer.",
    "Vous m'avez laissé un message.",
    "Mi avete lasciato un messaggio.",
    "Você deixou uma mensagem ontem.",
    "Вы оставили мне сообщение.",
    "Soll er Sie zurückrufen, oder wollen Sie eine Nachricht hinterlassen?",
]


@pytest.mark.parametrize("text", MENUS)
def test_what_a_menu_says(text: str) -> None:
    assert is_menu([text])
    assert may_be_a_machine([text])
    # One that somebody puts the call through to is none: a person was there.
    assert not is_menu(["Hello, who is there?", text])


@pytest.mark.parametrize("text", DOORS + NO_VOICEMAILS)
def test_who_speaks_of_a_menu_a_key_or_a_message_is_a_person(text: str) -> None:
    assert not is_menu([text])
    assert not is_greeting(text)
    assert not may_be_a_machine([text])


@pytest.mark.parametrize("text", NO_MENUS)
def test_what_is_no_menu(text: str) -> None:
    assert not is_menu([text])


def test_what_may_have_been_said_by_a_machine() -> None:
    greeting = "You've reached Noa Levi. Please leave a message after the tone."
    assert may_be_a_machine([])
    assert may_be_a_machine([greeting])
    assert may_be_a_machine([MENUS[0], MENUS[1]])
    assert may_be_a_machine([APPLE, "Thanks. Please stay on the line."])
    assert not may_be_a_machine(["Please hold."])
    assert not may_be_a_machine([greeting, "Hello?"])
    assert not may_be_a_machine(["Hello?", greeting])
    assert not is_menu([])
