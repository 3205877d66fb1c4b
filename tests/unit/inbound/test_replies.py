"""What is new in an answer: by what people's programs make of it, and that no text takes long."""

import random
import time

import pytest

from linkwright.mailer import footer
from linkwright.mailer.inbound.ours import Sent
from linkwright.mailer.inbound.replies import written
from tests.unit.inbound.answers import unquoted

US = "dana@acme.example"
SENT = """Hello,
we help teams like yours to have shorter queues at the counter.
Would a call on Thursday suit you?
Dana Levi
Acme, 1 Main Street, Springfield"""
QUOTED = "\n".join(f"> {one}" for one in SENT.split("\n"))

# What was written, and then all that the program shows.
TOP = {
    "gmail": f"On Thu, Nov 26, 2026 at 10:02 AM Dana Levi <{US}> wrote:\n\n{QUOTED}",
    "gmail, in three lines": f"On Thu, Nov 26, 2026 at 10:02\u202fAM Dana Levi of Acme\n<{US}>\n"
    f"wrote:\n\n{QUOTED}",
    "apple": f"> On 26 Nov 2026, at 10:02, Dana Levi <{US}> wrote:\n> \n{QUOTED}",
    "apple, no address": f"On 26 Nov 2026, at 10:02, Dana Levi wrote:\n\n{QUOTED}",
    "iphone": f"Sent from my iPhone\n\nOn 26 Nov 2026, at 10:02, Dana <{US}> wrote:\n\n{QUOTED}",
    "outlook": f"From: Dana Levi <{US}>\nSent: Thursday, November 26, 2026 10:02 AM\n"
    f"To: Mark <mark@globex.example>\nSubject: Shorter queues\n\n{SENT}",
    "outlook, a rule": f"________________________________\nFrom: Dana Levi <{US}>\n"
    f"Sent: Thursday, November 26, 2026\nTo: Mark\nSubject: Shorter queues\n\n{SENT}",
    "outlook, many receivers": f"From: Dana Levi <{US}>\nSent: 26 November\nTo: A <a@x.example>;\n"
    f" B <b@x.example>;\n C <c@x.example>\nSubject: Shorter queues\n\n{SENT}",
    "outlook, original message": "-----Original Message-----\nFrom: Dana Levi\n"
    f"Sent: Thursday\nTo: Mark\nSubject: Shorter queues\n\n{SENT}",
    "outlook for ios": f"Get Outlook for iOS<https://aka.ms/o0ukef>\n{'_' * 32}\n"
    f"From: Dana <{US}>\nSent: Thursday, November 26\nTo: Mark\nSubject: Shorter queues\n\n{SENT}",
    "gmail, forwarded": f"------- Forwarded message -------\nFrom: Dana <{US}>\n\n{SENT}",
    "bold": f"*From:* Dana Levi <{US}>\n*Sent:* Thursday\n*To:* Mark\n*Subject:* x\n\n{SENT}",
    "german outlook": f"Von: Dana Levi <{US}>\nGesendet: Donnerstag, 26. November 2026 10:02\n"
    f"An: Jonas Weber\nBetreff: Kürzere Schlangen\n\n{SENT}",
    "german outlook, no address": "-----Ursprüngliche Nachricht-----\nVon: Dana Levi\n"
    f"Gesendet: Donnerstag, 26. November 2026 10:02\nAn: Jonas\nBetreff: Schlangen\n\n{SENT}",
    "german gmail": f"Am Do., 26. Nov. 2026 um 10:02 Uhr schrieb Dana <{US}>:\n\n{QUOTED}",
    "german thunderbird": f"Am 26.11.26 um 10:02 schrieb Dana Levi:\n{QUOTED}",
    "french outlook": f"De : Dana Levi <{US}>\nEnvoyé : jeudi 26 novembre 2026 10:02\n"
    f"À : Claire Petit\nObjet : Des files plus courtes\n\n{SENT}",
    "french gmail": f"Le jeu. 26 nov. 2026 à 10:02, Dana <{US}> a\u00a0écrit\u00a0:\n\n{QUOTED}",
    "spanish iphone": "Enviado desde mi iPhone\n\nEl 26 nov 2026, a las 10:02, Dana Levi\n"
    f"<{US}> escribió:\n\n{QUOTED}",
    "spanish outlook": f"De: Dana Levi <{US}>\nEnviado: jueves, 26 de noviembre de 2026 10:02\n"
    f"Para: Lucía\nAsunto: Colas más cortas\n\n{SENT}",
    "hebrew gmail": "\u202bבתאריך יום ה׳, 26 בנוב׳ 2026 ב-10:02 מאת \u202aDana Levi\u202c\u200f"
    f" <\u202a{US}\u202c\u200f>:\u202c\n\n{QUOTED}",
    "hebrew outlook": f"מאת: Dana Levi <{US}>\u200f\nנשלח: יום חמישי 26 נובמבר 2026 10:02\n"
    f"אל: יואב\nנושא: פחות תורים\n\n{SENT}",
    "hebrew iphone": "נשלח מה-iPhone שלי\n\nב-26 בנוב׳ 2026, בשעה 10:02,"
    f" Dana <{US}> כתב/ה:\n{QUOTED}",
    "arabic gmail": f"في الخميس، ٢٦ نوفمبر ٢٠٢٦ في ١٠:٠٢ ص تمت كتابة ما يلي بواسطة Dana <{US}>:\n\n"
    f"{QUOTED}",
    "arabic outlook": f"من: Dana Levi <{US}>\nتاريخ الإرسال: الخميس، 26 نوفمبر 2026\n"
    f"إلى: سامي\nالموضوع: طوابير أقصر\n\n{SENT}",
    "no quote": "",
    "a signature": f"-- \nMark Lee\nHead of operations, Globex\n+1 555 0100\n\n{QUOTED}",
    "what we sent, without marks": f"On Thursday 26 November, {US} wrote:\n{SENT}",
    "a language without rules": f"26 Kasım 2026 Per 10:02, Dana <{US}> şunu yazdı:\n{QUOTED}",
    "somebody else's": f"On 25 Nov 2026 Mark <mark@globex.example> wrote:\n> what\n{QUOTED}",
}
NEW = ("Thanks, Thursday at 10:30 works.\n\nBest,\nMark", "שלום דנה,\nיום חמישי מתאים לי.")


@pytest.mark.parametrize("shape", TOP)
@pytest.mark.parametrize("new", NEW)
def test_new_text_above_what_is_quoted(shape: str, new: str) -> None:
    assert unquoted(f"{new}\n\n{TOP[shape]}\n", {US}, SENT) == new
    # Our text is known by its marks alone as well, and lines may end in any way.
    assert unquoted(f"{new}\n\n{TOP[shape]}".replace("\n", "\r\n"), {US}) == new


# With no blank line above, as Yahoo writes it, and as it comes out of HTML.
CLOSE = {
    "yahoo": f"    On Monday, February 1, 2027 at 10:00:00 AM GMT+2, Dana Levi <{US}> wrote:  \n"
    f" \n {SENT}  ",
    "thunderbird": f"Am 01.02.27 um 10:00 schrieb Dana Levi:\n{QUOTED}",
    "gmail": f"On Mon, Feb 1, 2027 at 10:00 AM Dana Levi <{US}> wrote:\n{QUOTED}",
    "gmail, hebrew": f"בתאריך יום ב׳, 1 בפבר׳ 2027 ב-10:00 מאת Dana <{US}>:\n{QUOTED}",
    "iphone": f"> On 1 Feb 2027, at 10:00, Dana Levi <{US}> wrote:\n> \n{QUOTED}",
    "without a year": f"Dana <{US}> wrote at 10:00:\n{QUOTED}",
    "zoho": f"---- On Mon, 01 Feb 2027 10:00:00 +0200 Dana Levi <{US}> wrote ---\n\n{SENT}",
}


@pytest.mark.parametrize("shape", CLOSE)
@pytest.mark.parametrize("new", ["unsubscribe", "הסר", "No thanks.\nNoa", "إلغاء"])
def test_new_text_right_above_what_is_quoted(shape: str, new: str) -> None:
    assert unquoted(f"{new}\n{CLOSE[shape]}\n", {US}, SENT) == new
    assert unquoted(f"{new}\n\n{CLOSE[shape]}\n", {US}, SENT) == new


def test_new_text_below_what_is_quoted() -> None:
    text = f"On 26 Nov 2026 Dana <{US}> wrote:\n{QUOTED}\n\nYes, call me.\n"
    assert unquoted(text, {US}, SENT) == "Yes, call me."
    unmarked = f"On 26 Nov 2026 Dana <{US}> wrote:\n{SENT}\n\nYes, call me.\n"
    assert unquoted(unmarked, {US}, SENT) == "Yes, call me."


def test_new_text_between_what_is_quoted() -> None:
    text = (
        f"On 26 Nov 2026 Dana <{US}> wrote:\n> we help teams\nWe have no queues.\n"
        "> Would Thursday suit you?\nNo.\n"
    )
    assert unquoted(text, {US}) == "We have no queues.\n\nNo."


@pytest.mark.parametrize(
    "new",
    [
        "Two questions:\n1. What does it cost?\n2: is it GDPR compliant?",
        "We need:\nPrice: below 100\nUsers: 40",
        "At 10:30 we can talk, or later:\nyou choose",
        "I wrote to you in 2025 already:\nremove me",
        "Best regards",
        "- one\n- two\n--- both ---",
        "From where do you have my address?",
        "Call me on my mobile phone, I am sent from Globex.",
        "x" * 5_000 + " unsubscribe",
    ],
)
def test_nothing_is_cut_of_what_only_looks_like_a_quote(new: str) -> None:
    assert unquoted(new, {US}, SENT) == new


@pytest.mark.parametrize(
    "line",
    [
        *("Sent from my iPhone", "Sent from my Galaxy", "Sent from Outlook for Android"),
        *("Von meinem iPhone gesendet", "Gesendet von Outlook für Android", "Envoyé de mon iPhone"),
        *("Envoyé depuis mon téléphone Samsung", "Enviado desde mi iPhone", "נשלח מה-iPhone שלי"),
        *("أُرسلت من الـ iPhone", "Obtener Outlook para Android", "Sent via Yahoo Mail on Android"),
        *("Télécharger Outlook pour iOS", "Outlook für iOS beziehen", "_Sent from my Pixel_"),
        *("קבל את Outlook עבור iOS", "تم الإرسال من هاتف Samsung Galaxy"),
    ],
)
def test_what_a_device_adds_is_dropped(line: str) -> None:
    assert unquoted(f"Yes\n\n{line}\n", {US}) == "Yes"


OFFER = "If this is not for you, just answer: please remove me from your list"
UNDER = "\n".join(["-- ", "Acme, 1 Main Street", footer.OPT_OUTS])
MAILED = Sent(f"Hello,\n{OFFER}\nDana\nplease stop\n{UNDER}", under=footer.OPT_OUTS)
BLOCK = f"-----Original Message-----\nFrom: Dana <{US}>\nSent: Monday\nSubject: Stop it\n"


@pytest.mark.parametrize(
    "text",
    [
        *("Please remove me from your list", "Hi Dana,\nplease remove me from your list\nthanks"),
        # A line of ours that stands alone may be their answer.
        *("please stop", "Hello there\nplease stop\nNoa", f"{QUOTED}\nplease stop"),
        f"{BLOCK}\nHello,\n\n{OFFER}\n\nplease stop now",
        f"Hello,\n\n{OFFER}\n\n{UNDER}\n\nplease stop now",
        "Noa\n-- \nplease stop now",
        f"On 1 Feb 2027 at 10:00 {US} wrote:\nplease stop now",
        f"Again to {US}, on 1.2.:\n\nplease stop now",
    ],
)
def test_what_may_be_theirs_is_kept_apart(text: str) -> None:
    found = written(text, {US}, MAILED)
    assert {"stop", "remove"} & set(f"{found.new} {found.beside}".lower().split())


@pytest.mark.parametrize(
    "below",
    [
        f"Hello,\n\n{OFFER}\n\nDana\n\nplease stop\n{UNDER}",
        f"{BLOCK}\nHello,\n{OFFER}\nDana\nplease stop\n{UNDER}",
        # As programs wrap it, and as hosts write over its links.
        f"{BLOCK}\nHello,\n{OFFER[:50]}\n{OFFER[50:]}\n{UNDER}https://safe.example/?x=unsubscribe",
        f"On Mon, {US} wrote on 1.2.:\n{OFFER[:23]}\n{OFFER[24:]}\n{footer.OPT_OUTS}",
        f"-- \nMark Lee\n{'If this was not meant for you, please remove it. ' * 6}",
        "-- \nMark Lee\nstop by at https://globex.example",
    ],
)
def test_nothing_of_ours_and_no_disclaimer_is_theirs(below: str) -> None:
    found = written(f"Sounds great.\n\n{below}\n", {US}, MAILED)
    assert found.new == "Sounds great."
    assert not {"stop", "remove", "unsubscribe"} & set(found.beside.split())
    assert written(below, {US}, MAILED).beside in {"", "Mark Lee"}


UNITS = (
    *("\n", "On ", "On \n", "From: \nOn ", "> ", ">\n", "a", "a\n", ":\n", "1:\n", "-", "--\n"),
    *("-----x-----\n", "x\n--\n", "a@b 1:\n", "@", "a@", "a: b\n", "From: x\n", "_" * 25 + "\n"),
    *(f"{SENT}\n", "sent from ", "*a:* ", " ", "On 1 a@b wrote:\n> x\nnew\n", "\u202b\u05d0 "),
    *("ab: \ncd\nef: \n", "-" * 2_000 + "x\n", "-x", "_" * 70 + "x", f"{US} 1", "\u0301", "\ufdfa"),
)


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_long(unit: str) -> None:
    """0.07 s on an idle machine; twenty times as much where others compute."""
    text = (unit * (60_000 // len(unit) + 1))[:60_000]
    began = time.thread_time()
    unquoted(text, {US}, SENT * 100)
    assert time.thread_time() - began < 1.4


@pytest.mark.slow
def test_no_mixture_takes_long() -> None:
    chance = random.Random(20_261_129)
    for _ in range(30):
        text = "".join(chance.choices(UNITS, k=20_000))[:60_000]
        began = time.thread_time()
        unquoted(text, {US}, SENT)
        assert time.thread_time() - began < 1.4
