"""Mail by SES: the bytes that are sent, what is refused, and what SES's answers come to."""

import base64
import json
import re
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwright import aws
from linkwright.errors import Unavailable, Unheard
from linkwright.providers import mail
from linkwright.providers.mail import Mail, MailHeldUp, MailNotConfigured, MailRefused
from linkwright.settings import settings
from tests.unit.aws_server import served

SENDER, TO = "notices@example.org", "someone@example.com"
TAKEN = (200, b'{"MessageId": "0100018"}')


def _letter(**said: Any) -> Mail:
    return Mail(**{"to": TO, "subject": "s", "text": "t", **said})


def _read(letter: Mail) -> EmailMessage:
    return message_from_bytes(mail.message(letter, SENDER), policy=policy.default)


def _send(environment: pytest.MonkeyPatch, url: str, letter: Mail, sender: str = SENDER) -> str:
    environment.setenv("AWS_ENDPOINT_URL", url)
    environment.setenv("MAIL_FROM", sender)
    settings.cache_clear()
    environment.setattr(aws, "ses", aws.SES)
    return mail.send(letter)


# ---- the bytes ----------------------------------------------------------------------------------


def test_a_mail_has_both_bodies_and_its_headers() -> None:
    letter = _letter(
        subject="שלום 👋 " * 20 + "סוף",
        text="טקסט\n.\n" + "a" * 2000 + "\n",
        html="<p>שלום</p>\n",
        headers={"X-Custom": "ערך 🎉"},
    )
    read = _read(letter)
    assert (read["From"], read["To"]) == (SENDER, TO)
    assert read["Subject"] == letter.subject
    assert read["X-Custom"] == "ערך 🎉"
    bodies = [read.get_body((kind,)) for kind in ("plain", "html")]
    said = [body.get_content().replace("\r\n", "\n") for body in bodies if body]
    assert said == [letter.text, letter.html]
    assert read.get_content_type() == "multipart/alternative"


def test_it_is_ascii_in_lines_that_every_host_takes() -> None:
    letter = _letter(subject="שלום " * 50, text="ש" * 3000 + "\n.\n", html="a" * 5000)
    raw = mail.message(letter, SENDER)
    assert raw.isascii()
    assert b"\r\n" in raw
    assert re.search(rb"[^\r]\n|\r[^\n]", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_no_machine_answers_it_and_no_two_have_one_id() -> None:
    one, other = _read(_letter()), _read(_letter())
    assert one["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<mail_[0-9A-Z]{26}@example\.org>", one["Message-ID"])
    assert one["Message-ID"] != other["Message-ID"]
    assert len(one["Message-ID"]) <= 70
    assert one["Date"] is not None
    assert _read(_letter(automatic=False))["Auto-Submitted"] is None


def test_long_ids_stay_what_they_are() -> None:
    """A host drops an encoded one, and the thread breaks."""
    ids = " ".join(f"<{n}{'x' * 80}@prod.outlook.com>" for n in range(12))
    link = f"<https://example.com/{'u' * 300}>"
    raw = mail.message(_letter(headers={"References": ids, "List-Unsubscribe": link}), SENDER)
    assert b"=?" not in raw
    read = message_from_bytes(raw, policy=policy.default)
    assert (read["References"], read["List-Unsubscribe"]) == (ids, link)


def test_a_person_writes_under_a_name_by_an_id_that_is_known() -> None:
    name = 'דנה "Dana" Levi, <sales@example.net>'
    letter = _letter(sender_name=name, message_id=mail.new_id(SENDER), automatic=False)
    read = _read(letter)
    assert read["Message-ID"] == f"<{letter.message_id}>"
    assert len(read["Message-ID"]) <= 70
    (sender,) = read["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, SENDER)


_CONTROLS = ["\r\nBcc: x@example.com", "\nb", "\rb", "\0", "\x7f", "\u0085b", "\u2028b", "\x1cb"]
_IN_A_WORD = "=?utf-8?q?a=0D=0ABcc:_x@example.com?="


@pytest.mark.parametrize(
    "bad", [*(f"a{one}" for one in _CONTROLS), _IN_A_WORD, "\ud800", "a" * 999]
)
def test_no_value_makes_another_header(bad: str) -> None:
    for said in ({"subject": bad}, {"headers": {"X-A": bad}}, {"sender_name": bad}):
        with pytest.raises(MailRefused) as refused:
            mail.message(_letter(**said), SENDER)
        assert refused.value.reason == "bad_header"


_NAMES = ["X A", "X:", "X\r\nBcc", "", "א", "a" * 77]
_OURS = ["From", "to", "Cc", "BCC", "Sender", "Subject", "Date", "Message-ID", "MIME-Version"]
_OURS += ["Content-Type", "content-transfer-encoding", "Return-Path", "Auto-Submitted"]


@pytest.mark.parametrize("name", [*_NAMES, *_OURS])
def test_no_name_is_one_of_ours_or_none(name: str) -> None:
    with pytest.raises(MailRefused) as refused:
        mail.message(_letter(headers={name: "v"}), SENDER)
    assert refused.value.reason == "bad_header"


@given(subject=st.text(max_size=60), value=st.text(max_size=60))
@pytest.mark.slow
def test_whatever_is_said_there_are_the_headers_we_made(subject: str, value: str) -> None:
    try:
        raw = mail.message(_letter(subject=subject, headers={"X-A": value}), SENDER)
    except MailRefused:
        return
    names = [name for name, _ in message_from_bytes(raw).items()]
    assert names[:7] == ["From", "To", "Date", "Message-ID", "Auto-Submitted", "Subject", "X-A"]
    assert set(names[7:]) == {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}


_GOOD = [TO, "a@b.cd", "a.b+c@d-e.co", "o'x@d.co", "A_b@D.CO"]
_BAD = [
    "",
    "a",
    "a@b",
    "@b.cd",
    "a@",
    "a@b.cd\r\nBcc: e@f.gh",
    "a b@c.de",
    "<a@b.cd>",
    "a@b.cd,e@f.gh",
]
_BAD += ["א@b.cd", "a@b.cd\n", ".a@b.cd", "a..b@c.de", "a@b..cd", f"{'a' * 250}@b.cd", '"a b"@c.de']


@pytest.mark.parametrize("to", _GOOD)
def test_an_address_is_taken(to: str) -> None:
    assert _read(_letter(to=to))["To"] == to


@pytest.mark.parametrize("to", _BAD)
def test_what_is_no_single_address_is_refused(to: str) -> None:
    with pytest.raises(MailRefused) as refused:
        mail.message(_letter(to=to), SENDER)
    assert refused.value.reason == "bad_address"


# ---- SES ----------------------------------------------------------------------------------------


def test_ses_is_asked_in_its_own_protocol(environment: pytest.MonkeyPatch) -> None:
    letter = _letter(subject="שלום", tags={"kind": "webhook_failing", "workspace": "ws_1"})
    with served(TAKEN) as (url, asked):
        assert _send(environment, url, letter) == "0100018"
    (request,) = asked
    assert request["path"] == "/v2/email/outbound-emails"
    assert request["content-type"] == "application/json"
    assert "/us-east-1/ses/aws4_request" in request["authorization"]
    body = request["body"]
    assert body["FromEmailAddress"] == SENDER
    assert body["Destination"] == {"ToAddresses": [TO]}
    assert {"Name": "kind", "Value": "webhook_failing"} in body["EmailTags"]
    raw = base64.b64decode(body["Content"]["Raw"]["Data"])
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == "שלום"


def test_on_aws_it_is_asked_by_its_address_in_the_region(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    settings.cache_clear()
    posted: list[tuple[object, ...]] = []
    environment.setattr("linkwright.aws_http.post", lambda *request: posted.append(request))
    aws.SES().send_email(FromEmailAddress=SENDER)
    at = "https://email.us-east-1.amazonaws.com"
    told = (at, "ses", "/v2/email/outbound-emails", {"FromEmailAddress": SENDER})
    assert [request[:4] for request in posted] == [told]


def test_without_a_sender_nothing_is_mailed(environment: pytest.MonkeyPatch) -> None:
    with served() as (url, asked), pytest.raises(MailNotConfigured):
        _send(environment, url, _letter(), sender="")
    assert asked == []


@pytest.mark.parametrize(
    ("code", "said", "refusal"),
    [
        (
            "MessageRejected",
            "Email address is not verified. … in region: n@x.com",
            MailHeldUp("sender_not_verified"),
        ),
        (
            "MessageRejected",
            f"Email address is not verified. … in region: {TO}",
            MailHeldUp("sender_not_verified"),
        ),
        ("MailFromDomainNotVerifiedException", "", MailHeldUp("sender_not_verified")),
        ("MessageRejected", "Sending paused for this account. …", MailHeldUp("sending_paused")),
        ("MessageRejected", "Email sending is paused …", MailHeldUp("sending_paused")),
        ("MessageRejected", f"It contains a virus: {TO}", MailRefused("rejected")),
        ("MessageRejected", "Local address contains control", MailRefused("rejected")),
        ("BadRequestException", "Missing final '@domain'", MailRefused("rejected")),
        ("BadRequestException", f"Illegal address: <{TO}>", MailRefused("bad_address")),
    ],
)
def test_what_ses_does_not_take_is_nobodys_fault_whom_it_does_not_name(
    environment: pytest.MonkeyPatch, code: str, said: str, refusal: MailRefused | MailHeldUp
) -> None:
    answer = (
        400,
        json.dumps({"message": said}).encode(),
        {"x-amzn-errortype": f"{code}:http://x/"},
    )
    with served(answer) as (url, asked):
        with pytest.raises(type(refusal)) as refused:
            _send(environment, url, _letter())
        assert len(asked) == 1
    assert refused.value.reason == refusal.reason
    assert TO not in str(refused.value)


_LATER: list[tuple[int, str]] = [
    (429, "TooManyRequestsException"),
    (400, "LimitExceededException"),
    (400, "SendingPausedException"),
    (400, "AccountSuspendedException"),
    (403, "AccessDeniedException"),
    (404, "NotFoundException"),
]


@pytest.mark.parametrize(("status", "code"), _LATER)
def test_what_may_pass_is_unavailable_and_asked_for_once(
    environment: pytest.MonkeyPatch, status: int, code: str
) -> None:
    """Once: what was not heard may have been sent."""
    headers: Mapping[str, str] = {"x-amzn-errortype": code} if code else {}
    with served((status, b'{"message": "no"}', headers), TAKEN) as (url, asked):
        with pytest.raises(Unavailable) as failed:
            _send(environment, url, _letter())
        assert len(asked) == 1
    assert not isinstance(failed.value, Unheard), "SES says that it was not sent"


_FAILED: list[tuple[int, str]] = [
    (500, "InternalFailure"),
    (500, "MessageRejected"),
    (502, ""),
    (503, "ServiceUnavailable"),
    (504, ""),
    (302, ""),
]


@pytest.mark.parametrize(("status", "code"), _FAILED)
def test_what_failed_on_the_side_of_ses_may_have_been_sent(
    environment: pytest.MonkeyPatch, status: int, code: str
) -> None:
    headers: Mapping[str, str] = {"x-amzn-errortype": code} if code else {}
    with served((status, b'{"message": "no"}', headers), TAKEN) as (url, asked):
        with pytest.raises(Unheard):
            _send(environment, url, _letter())
        assert len(asked) == 1


# ---- tenants ------------------------------------------------------------------------------------

IDENTITY = "arn:aws:ses:us-east-1:000000000000:identity/example.org"
SENT = ("/v2/email/outbound-emails", True)
PLAIN = ("/v2/email/outbound-emails", False)
MAKE, GIVE = ("/v2/email/tenants", True), ("/v2/email/tenants/resources", True)


def _error(code: str, status: int = 400) -> tuple[int, bytes, Mapping[str, str]]:
    return status, b'{"message": "no"}', {"x-amzn-errortype": code}


DONE, THERE, ABSENT = (
    (200, b"{}"),
    _error("AlreadyExistsException"),
    _error("NotFoundException", 404),
)


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ([TAKEN], [SENT]),
        ([ABSENT, DONE, DONE, TAKEN], [SENT, MAKE, GIVE, SENT]),
        ([ABSENT, THERE, THERE, TAKEN], [SENT, MAKE, GIVE, SENT]),
        # It is there, and has not the identity.
        ([_error("BadRequestException"), THERE, DONE, TAKEN], [SENT, MAKE, GIVE, SENT]),
        ([ABSENT, _error("AccessDeniedException", 403), TAKEN], [SENT, MAKE, PLAIN]),
        ([ABSENT, _error("LimitExceededException"), TAKEN], [SENT, MAKE, PLAIN]),
        ([ABSENT, None, TAKEN], [SENT, MAKE, PLAIN]),
        ([ABSENT, DONE, ABSENT, TAKEN], [SENT, MAKE, GIVE, PLAIN]),
        ([ABSENT, DONE, DONE, ABSENT, TAKEN], [SENT, MAKE, GIVE, SENT, PLAIN]),
        ([_error("AccessDeniedException", 403), DONE, DONE, TAKEN], [SENT, MAKE, GIVE, SENT]),
    ],
)
def test_a_tenant_is_made_when_it_is_first_mailed_as_and_no_mail_is_lost_for_it(
    environment: pytest.MonkeyPatch, answers: list[Any], wanted: list[tuple[str, bool]]
) -> None:
    environment.setenv("MAIL_IDENTITY_ARN", IDENTITY)
    with served(*answers, keeps=True) as (url, asked):
        assert _send(environment, url, _letter(tenant="ws_1")) == "0100018"
    assert [(one["path"], one["body"].get("TenantName") == "ws_1") for one in asked] == wanted
    given = [one["body"]["ResourceArn"] for one in asked if one["path"] == GIVE[0]]
    assert set(given) <= {IDENTITY}


@pytest.mark.parametrize("code", ["SendingPausedException", "TooManyRequestsException"])
def test_who_is_paused_is_not_mailed_around_that(
    environment: pytest.MonkeyPatch, code: str
) -> None:
    environment.setenv("MAIL_IDENTITY_ARN", IDENTITY)
    with served(_error(code), TAKEN) as (url, asked):
        with pytest.raises(Unavailable):
            _send(environment, url, _letter(tenant="ws_1"))
        assert len(asked) == 1


def test_what_was_not_heard_as_a_tenant_is_not_sent_again(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MAIL_IDENTITY_ARN", IDENTITY)
    with served(None, TAKEN) as (url, asked):
        with pytest.raises(Unheard):
            _send(environment, url, _letter(tenant="ws_1"))
        assert len(asked) == 1


@pytest.mark.parametrize(("arn", "tenant"), [("", "ws_1"), (IDENTITY, None)])
def test_without_a_parameter_or_a_workspace_there_is_no_tenant(
    environment: pytest.MonkeyPatch, arn: str, tenant: str | None
) -> None:
    environment.setenv("MAIL_IDENTITY_ARN", arn)
    with served(TAKEN) as (url, asked):
        _send(environment, url, _letter(tenant=tenant))
    assert [(one["path"], "TenantName" in one["body"]) for one in asked] == [PLAIN]


@pytest.mark.parametrize(
    ("operation", "path", "names"),
    [
        ("SendEmail", SENT[0], {"TenantName"}),
        ("CreateTenant", MAKE[0], {"TenantName"}),
        ("CreateTenantResourceAssociation", GIVE[0], {"TenantName", "ResourceArn"}),
    ],
)
def test_tenants_are_asked_for_as_the_service_has_it(
    operation: str, path: str, names: set[str]
) -> None:
    known = botocore.session.get_session().get_service_model("sesv2").operation_model(operation)
    assert (known.http["method"], known.http["requestUri"]) == ("POST", path)
    assert names <= known.input_shape.members.keys()


def test_what_nobody_was_asked_for_was_not_sent(environment: pytest.MonkeyPatch) -> None:
    with served() as (url, _):
        pass
    with pytest.raises(Unavailable) as failed:
        _send(environment, url, _letter())
    assert not isinstance(failed.value, Unheard)


@pytest.mark.parametrize("answer", [None, (200, b"{}"), (200, b"["), (200, b'{"MessageId": 5}')])
def test_an_answer_that_is_no_answer_is_none(environment: pytest.MonkeyPatch, answer: Any) -> None:
    with served(answer) as (url, _), pytest.raises(Unheard):
        _send(environment, url, _letter())


@pytest.mark.parametrize("tag", ["", "a b", "ש", "a" * 257, "a@b.cd"])
def test_a_tag_that_ses_does_not_take_is_our_mistake(
    environment: pytest.MonkeyPatch, tag: str
) -> None:
    for tags in ({"kind": tag}, {tag: "x"}):
        with served() as (url, _), pytest.raises(ValueError, match="tag"):
            _send(environment, url, _letter(tags=tags))
