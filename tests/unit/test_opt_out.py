"""Who asks in the nine languages not to be called again, and who says only something like it."""

import time
import unicodedata

import pytest

from linkwright.voice.language import opt_out, phrases
from linkwright.voice.language.opt_out import is_asked
from linkwright.voice.language.text import plain

ASKED = {
    "en": """
        Stop.
        Stop!
        Please stop.
        Stop it. Just stop.
        Remove me.
        Can you please remove me?
        I revoke my consent.
        I hereby withdraw my permission to be called.
        Don't call me again.
        Stop calling me.
        Take me off your list.
        Never phone this number again!
        No more calls, please.
        I want to opt out.
        Put me on your do not call list.
        Cease and desist.
        Don’t call me, I'm busy.
        I do not consent to these calls.
        You do not have my permission to call me.
        You don't have my consent.
        I never agreed to be called.
        This is harassment, stop.
        Stop! This is harassment!
        Please take our name off your list.
        Remove this phone from your database.
        Remove this phone.
        No more robocalls.
        Quit.
        Stop all.
        End.
        Cancel.
        Unsubscribe.
        Revoke.
        Opt out.
        """,
    "he": """
        אל תתקשרו אליי יותר.
        תפסיקו להתקשר אליי!
        תפסיקו.
        די, תפסיקו כבר!
        תורידו אותי מהרשימה.
        תסירו אותי בבקשה.
        תמחקו את המספר שלי.
        אני לא רוצה שתתקשרו אליי.
        ביקשתי לא להתקשר אליי.
        אני מבטל את ההסכמה שלי.
        אני חוזרת בי מהסכמתי.
        תעזבו אותי במנוחה.
        אל תטרידו אותי.
        לא מעוניין לקבל יותר שיחות.
        עזבו אותי.
        אין לכם את ההסכמה שלי.
        אני לא מסכים לשיחות האלה.
        תורידו את השם שלנו מהרשימה.
        זו הטרדה, תפסיקו.
        מספיק!
        """,
    "ar": """
        لا تتصلوا بي مرة أخرى.
        لا تتصل بي بعد الآن.
        توقفوا عن الاتصال بي.
        توقف.
        توقفوا من فضلكم عن الاتصال.
        لا أريد المزيد من المكالمات.
        احذفوني من القائمة.
        احذف رقمي من قائمتكم.
        امسح رقمي.
        لا تزعجوني.
        اتركوني وشأني.
        أسحب موافقتي.
        مش عايز مكالمات.
        متتصلش بيا تاني.
        لا أوافق على هذه المكالمات.
        ليس لديكم موافقتي.
        هذا إزعاج، توقفوا.
        إلغاء الاشتراك.
        """,
    "de": """
        Rufen Sie mich nicht mehr an.
        Rufen Sie hier nie wieder an!
        Rufen Sie mich bitte nicht an.
        Ruf mich nie wieder an.
        Bitte nicht mehr anrufen.
        Keine Anrufe mehr, bitte.
        Ich will keine weiteren Anrufe.
        Hören Sie auf, mich anzurufen.
        Hören Sie auf damit.
        Stopp!
        Ich möchte nicht mehr angerufen werden.
        Streichen Sie mich von Ihrer Liste.
        Nehmen Sie mich bitte von der Liste.
        Löschen Sie meine Telefonnummer.
        Lassen Sie mich in Ruhe.
        Ich widerrufe hiermit meine Einwilligung.
        Ich widerspreche weiteren Anrufen.
        Unterlassen Sie diese Anrufe.
        Ich stimme diesen Anrufen nicht zu.
        Sie haben keine Erlaubnis, mich anzurufen.
        Sie haben nicht meine Einwilligung.
        Das ist Belästigung, hören Sie auf!
        Streichen Sie unseren Namen von der Liste.
        Schluss damit!
        Abmelden.
        """,
    "es": """
        No me llame más.
        No me llamen nunca más.
        Por favor, ya no me llamen.
        No vuelvan a llamarme.
        No vuelva a llamar a este número.
        No llamen más aquí.
        Deje de llamarme.
        Dejen de molestar.
        No quiero que me llamen.
        No quiero recibir más llamadas.
        Basta de llamadas.
        Quíteme de su lista.
        Sáquenme de la base de datos.
        Borre mi número.
        Revoco mi consentimiento.
        Déjeme en paz.
        Quiero darme de baja.
        Pare, por favor.
        Basta.
        No autorizo estas llamadas.
        No tienen mi consentimiento.
        No tiene mi permiso para llamarme.
        Esto es acoso, basta.
        Bórreme de su lista.
        Baja.
        """,
    "fr": """
        Ne m'appelez plus.
        Ne m’appelez plus jamais !
        Ne me rappelez pas.
        N'appelez plus ce numéro.
        M'appelez plus !
        Arrêtez de m'appeler.
        Cessez de me téléphoner.
        Arrêtez !
        Arrêtez ces appels.
        Je ne veux plus être appelé.
        Je ne souhaite plus recevoir d'appels.
        Je vous demande de ne plus m'appeler.
        Plus d'appels, s'il vous plaît.
        Retirez-moi de votre liste.
        Supprimez mon numéro.
        Je retire mon consentement.
        Laissez-moi tranquille.
        Désinscrivez-moi.
        Ça suffit !
        Je ne consens pas à ces appels.
        Vous n'avez pas mon accord.
        C'est du harcèlement, arrêtez.
        Retirez notre nom de votre liste.
        """,
    "it": """
        Non mi chiami più.
        Non mi chiamate mai più.
        Non chiamate più questo numero.
        Non chiamatemi.
        Non richiamarmi più.
        Smetta di chiamarmi.
        Smettetela di telefonare.
        La smetta!
        Basta chiamate.
        Niente più telefonate, per favore.
        Non voglio più essere chiamato.
        Non desidero ricevere altre chiamate.
        Mi tolga dalla vostra lista.
        Toglietemi dall'elenco.
        Cancellate il mio numero.
        Revoco il mio consenso.
        Mi lasci in pace.
        Basta.
        Non acconsento a queste chiamate.
        Non avete il mio consenso.
        Queste sono molestie, basta!
        Togliete il nostro nome.
        """,
    "pt": """
        Não me ligue mais.
        Não me liguem nunca mais.
        Nunca mais me ligue.
        Não ligue mais para este número.
        Não volte a ligar.
        Pare de me ligar.
        Parem de ligar!
        Pare.
        Não quero que me liguem.
        Não quero receber mais chamadas.
        Chega de ligações.
        Tire-me da lista.
        Me tira do cadastro.
        Remova o meu número.
        Revogo o meu consentimento.
        Deixe-me em paz.
        Quero me descadastrar.
        Basta.
        Chega!
        Não autorizo estas ligações.
        Vocês não têm o meu consentimento.
        Isto é assédio, parem.
        Sair.
        """,
    "ru": """
        Не звоните мне больше.
        Больше не звоните.
        Не звоните сюда никогда.
        Никогда мне больше не звоните!
        Не надо мне звонить.
        Перестаньте мне звонить.
        Хватит звонить!
        Прекратите эти звонки.
        Прекратите.
        Я не хочу, чтобы вы мне звонили.
        Не хочу получать ваших звонков.
        Удалите мой номер.
        Уберите меня из списка.
        Вычеркните меня из вашей базы.
        Я отзываю своё согласие.
        Оставьте меня в покое.
        Хватит.
        Я не давал согласия на эти звонки.
        У вас нет моего согласия.
        Это преследование, прекратите.
        Уберите наше имя из списка.
        Вычеркните меня из списка.
        """,
}
NOT_ASKED = {
    "en": """
        Please don't stop.
        Stop by tomorrow.
        Can you call me later?
        Don't call me now, call me tomorrow.
        The bus stop is around the corner.
        No, stop, I meant Tuesday.
        Stop the car, please.
        I can't stop thinking about it.
        Please don't stop calling.
        Remove me from speaker, please. I mean the other thing.
        I do not consent to the recording.
        I revoke my consent to record this.
        You can remove the first appointment.
        Don't hang up.
        Nine.
        9
        At 9.
        I'm not interested.
        Remove me from hold.
        Nine o'clock.
        Cancel my appointment, please.
        The end.
        In the end I agreed.
        I do not consent to this call being recorded.
        You don't have my permission to record this.
        I don't have permission to decide that.
        Remove this phone case from my order.
        I quit smoking last year.
        Harassment is what my lawyer calls it.
        I lost my phone.
        """,
    "he": """
        אל תתקשרו עכשיו, תתקשרו מחר.
        אל תתקשר בשבת.
        אפשר להתקשר אליי אחר כך?
        אל תפסיקו להתקשר.
        אל תנתקו.
        לא מעוניין.
        תעצור ליד הבית.
        תוריד את הטלפון רגע.
        אני לא מסכים להקלטה.
        אל תשכחו להתקשר.
        תשע.
        זה מספיק, תודה.
        תסירו את הפגישה של יום שני.
        אני לא מסכים להקלטת השיחה.
        אין לי אישור לזה.
        עזבו, זה לא חשוב.
        """,
    "ar": """
        لا تتصل بي الآن.
        لا تتصلوا بي قبل التاسعة.
        لماذا لا تتصلون بي؟
        هل يمكنك الاتصال بي لاحقا؟
        لا تتوقفوا عن الاتصال بي.
        اتصل بي غدا.
        لا تغلق الخط.
        غير مهتم.
        لا أوافق على التسجيل.
        تسعة.
        توقف عند الباب.
        عندما تتصل بي.
        لا أوافق على تسجيل المكالمة.
        هذا يكفي، شكرا.
        """,
    "de": """
        Rufen Sie mich jetzt nicht an.
        Rufen Sie mich nicht vor neun an.
        Rufen Sie mich nicht an, wenn ich arbeite.
        Können Sie mich später anrufen?
        Warum rufen Sie mich nicht an?
        Hören Sie nicht auf, mich anzurufen.
        Hören Sie mal.
        Legen Sie nicht auf.
        Ich habe kein Interesse.
        Löschen Sie den Termin am Montag.
        Ich widerspreche der Rechnung.
        Ich möchte nicht nachts angerufen werden.
        Ich bin mit der Aufzeichnung nicht einverstanden.
        Ich widerrufe meine Einwilligung zur Aufzeichnung.
        Nehmen Sie mich mit?
        Sie haben keine Erlaubnis, das aufzuzeichnen.
        Schluss für heute.
        Neun Uhr.
        Ich stimme dem nicht zu.
        """,
    "es": """
        No me llame ahora, llámeme mañana.
        No me llames antes de las nueve.
        ¿Puede llamarme más tarde?
        No deje de llamarme.
        ¿Por qué no me llama?
        No me llamo Juan.
        Me llamo Ana.
        No me llame señora.
        Ellos nunca me llaman.
        No me llamaron ayer.
        Deje un mensaje.
        Pare en la esquina.
        No me interesa.
        Borre la cita del lunes.
        Basta con eso.
        No tienen mi permiso para grabar.
        A las nueve.
        Está de baja.
        """,
    "fr": """
        Ne m'appelez pas maintenant.
        Ne m'appelez pas avant neuf heures.
        Rappelez-moi plus tard.
        Vous m'appelez plus tard ?
        Pourquoi vous ne m'appelez pas ?
        N'arrêtez pas de m'appeler.
        Je m'appelle Jean.
        Ne m'appelez pas monsieur.
        Ne raccrochez pas.
        Ne quittez pas.
        Laissez-moi un message.
        Arrêtez-vous au coin de la rue.
        Je ne suis pas intéressé.
        Supprimez le rendez-vous de lundi.
        Vous n'avez pas mon accord pour enregistrer.
        Ça suffit pour aujourd'hui.
        À neuf heures.
        """,
    "it": """
        Non mi chiami adesso.
        Non mi chiami prima delle nove.
        Mi chiami più tardi.
        Può richiamarmi più tardi?
        Non mi chiamo Paolo.
        Mi chiamo Anna.
        Perché non mi chiama?
        Non smetta di chiamarmi.
        Non riattacchi.
        Non mi interessa.
        Lasci un messaggio.
        Basta così, grazie.
        Non mi chiami signora.
        Cancelli l'appuntamento di lunedì.
        Non ha il permesso di guidare.
        Non avete il mio consenso alla registrazione.
        Alle nove.
        """,
    "pt": """
        Não me ligue agora.
        Não me ligue antes das nove.
        Não me ligue mais tarde, ligue agora.
        Pode me ligar mais tarde?
        Ligue-me mais tarde.
        Por que não me liga?
        Não pare de me ligar.
        Não desligue.
        Nunca me ligam.
        Deixe uma mensagem.
        Não estou interessado.
        Pare na esquina.
        Apague a consulta de segunda.
        Basta de conversa, vamos ao assunto.
        Não têm a minha autorização para gravar.
        Vou sair agora.
        """,
    "ru": """
        Не звоните мне сейчас.
        Не звоните до девяти.
        Не звоните мне по вечерам.
        Перезвоните позже.
        Позвоните мне завтра.
        Не переставайте звонить.
        Почему вы мне не звоните?
        Не бросайте трубку.
        Мне не интересно.
        Он мне больше не звонит.
        Оставьте сообщение.
        Стоп, какой у вас адрес?
        Удалите запись на понедельник.
        Мне хватит времени.
        У вас нет моего согласия на запись.
        В девять часов.
        """,
}


def _lines(texts: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (language, line.strip())
        for language, lines in texts.items()
        for line in lines.strip().splitlines()
    ]


@pytest.mark.parametrize("texts", [ASKED, NOT_ASKED])
def test_each_language_of_ours_has_a_dozen(texts: dict[str, str]) -> None:
    assert set(texts) == set(phrases._LANGUAGES)
    for language in texts:
        found = [line for of, line in _lines(texts) if of == language]
        assert len(set(found)) == len(found) >= 12


@pytest.mark.parametrize(("language", "text"), _lines(ASKED))
def test_who_asks(language: str, text: str) -> None:
    assert is_asked(text)
    assert is_asked(text.upper())
    assert is_asked(unicodedata.normalize("NFD", f"\u200f{text}\u200f"))


@pytest.mark.parametrize(("language", "text"), _lines(NOT_ASKED))
def test_who_does_not(language: str, text: str) -> None:
    assert not is_asked(text)


def test_a_key_is_none_that_is_only_said() -> None:
    assert is_asked("[9]")
    assert not any(is_asked(text) for text in ("9", "9.", "nine", "[1]", "[0]", "[#]"))


_SAID = ["9", "Nine.", "nine", "Press nine.", "תשע.", "تسعة", "Neun!", "Nueve.", "Девять."]
_POLITELY = [
    "Nine, please.",
    "Please, nine.",
    "Neun bitte.",
    "תשע, בבקשה.",
    "Neuf, s'il vous plaît.",
]


@pytest.mark.parametrize("text", _SAID + _POLITELY)
def test_the_key_may_be_said_by_its_name_alone(text: str) -> None:
    assert opt_out.is_key_said(text)
    assert not is_asked(text)


@pytest.mark.parametrize("language", sorted(phrases._LANGUAGES))
def test_the_key_may_be_said_as_it_was_offered(language: str) -> None:
    offered = plain(phrases.phrases(language).opt_out_key).strip("| ").rpartition("| ")[2]
    assert opt_out.is_key_said(offered)


@pytest.mark.parametrize(
    "text", ["", "At nine.", "Nine o'clock.", "99", "Nine people.", "[1]", "Please."]
)
def test_what_is_not_the_keys_name(text: str) -> None:
    assert not opt_out.is_key_said(text)


def test_each_phrase_has_a_word_that_has_it_looked_for() -> None:
    """What is not compiled for most texts is compiled for each that may have it."""
    for words, of in opt_out._LANGUAGES:
        found = opt_out._any(of)
        told = [plain(text) for _, text in _lines(ASKED) if found.search(plain(text))]
        assert len(told) >= 10
        assert all(opt_out._has_one(text, words) for text in told)


def test_a_long_text_takes_no_time() -> None:
    began = time.perf_counter()
    for stem in ("no me ", "ne m ", "non mi ", "não me ", "не мне ", "nicht mich ", "stop it is "):
        assert not is_asked(stem * 2_000)
    assert time.perf_counter() - began < 5
