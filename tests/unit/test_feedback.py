"""What SES tells by SNS is read as its documentation has it, and nothing else is."""

import json
from typing import Any

import pytest

from linkwright.providers.mail import feedback
from linkwright.providers.mail.feedback import Feedback, NothingTold, NotOurs
from tests import feedback as told
from tests.stack import FEEDBACK_TOPIC

OF = {"workspace": "ws_1", "lead": "lead_0001", "seq": "1", "mail": "mail_0001"}


def _read(event: object) -> Feedback:
    return feedback.read(told.envelope(event), FEEDBACK_TOPIC)


def _with_mail(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return event | {"mail": event["mail"] | changes}


def test_a_bounce_is_read_with_whom_it_is_about_and_our_tags() -> None:
    found = _read(told.bounce(OF))
    assert (found.kind, found.what, found.to) == ("bounced", "Permanent", (told.READER,))
    assert found.name == told.SES_NAME
    assert found.told.startswith("bounced 0100018c7c44f053b-")
    assert OF.items() <= found.tags.items()
    assert told.READER not in repr(found)


@pytest.mark.parametrize(
    ("kind", "sub"),
    [
        ("Permanent", "NoEmail"),
        ("Permanent", "Suppressed"),
        ("Permanent", "OnAccountSuppressionList"),
        ("Transient", "General"),
        ("Transient", "MailboxFull"),
        ("Transient", "ContentRejected"),
        ("Undetermined", "Undetermined"),
    ],
)
def test_each_type_of_bounce_is_told_by_its_name(kind: str, sub: str) -> None:
    assert _read(told.bounce(OF, kind, sub)).what == kind


def test_a_bounce_of_the_suppression_list_is_read_without_what_no_host_said() -> None:
    event = told.bounce(OF, sub="OnAccountSuppressionList")
    event["bounce"]["bouncedRecipients"] = [{"emailAddress": told.READER}]
    del event["bounce"]["reportingMTA"]
    assert _read(event).to == (told.READER,)


@pytest.mark.parametrize("kind", ["abuse", "not-spam", None])
def test_a_complaint_is_read_with_what_it_says_that_it_is(kind: str | None) -> None:
    found = _read(told.complaint(OF, kind))
    assert (found.kind, found.what, found.to) == ("complained", kind or "", (told.READER,))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (told.delivery(OF), "delivered"),
        ({"eventType": "Send", "send": {}, "mail": told.mail(OF)}, "sent"),
        (told.rejected(OF), "rejected"),
        (
            {
                "eventType": "Rendering Failure",
                "failure": {"errorMessage": "Attribute 'x' is not present", "templateName": "T"},
                "mail": told.mail(OF),
            },
            "rejected",
        ),
    ],
    ids=["delivery", "send", "reject", "rendering failure"],
)
def test_what_names_no_event_of_its_own_is_known_by_its_mail(
    event: dict[str, Any], kind: str
) -> None:
    found = _read(event)
    assert (found.kind, found.told) == (kind, f"{kind} {told.SES_NAME}")


@pytest.mark.parametrize("event", [told.bounce(OF), told.complaint(OF), told.delivery(OF)])
def test_a_notification_of_an_identity_is_read_as_an_event_with_headers_or_without(
    event: dict[str, Any],
) -> None:
    kind = event.pop("eventType")
    for with_headers in (True, False):
        mail = told.mail(OF, with_headers=with_headers)
        assert _read(event | {"notificationType": kind, "mail": mail}).kind == kind_of(kind)


def kind_of(name: str) -> str:
    return {"Bounce": "bounced", "Complaint": "complained", "Delivery": "delivered"}[name]


@pytest.mark.parametrize(
    "told_by_ses",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have subscribed"},
        {"eventType": "Open", "open": {}, "mail": told.mail(OF)},
        {"eventType": "DeliveryDelay", "deliveryDelay": {}, "mail": told.mail(OF)},
    ],
    ids=["validation", "subscription", "open", "delay"],
)
def test_what_tells_nothing_of_a_mail_is_passed_over(told_by_ses: object) -> None:
    with pytest.raises(NothingTold):
        _read(told_by_ses)


@pytest.mark.parametrize(
    "body",
    [
        told.envelope(told.bounce(OF), "arn:aws:sns:us-east-1:111111111111:feedback"),
        told.envelope(told.bounce(OF), FEEDBACK_TOPIC + "2"),
        json.dumps(told.bounce(OF)),
        json.dumps({"kind": "mbl", "pk": "W#ws_1#MBL", "sk": "mbx_1"}),
        json.dumps({"Type": "SubscriptionConfirmation", "TopicArn": FEEDBACK_TOPIC}),
        json.dumps({"Type": "Notification", "TopicArn": [FEEDBACK_TOPIC]}),
        *("", "[]", "null", "7", "{", "[" * 100_000, '{"Type": ' * 50_000, "1" * 10_000),
    ],
    ids=[
        *("another account's", "another name", "no envelope", "a job", "a subscription"),
        *("a list for a topic", "empty", "list", "null", "number", "cut", "deep", "deeper", "long"),
    ],
)
def test_what_did_not_come_by_our_topic_is_refused(body: str) -> None:
    with pytest.raises(NotOurs):
        feedback.read(body, FEEDBACK_TOPIC)


def test_without_a_topic_nothing_is_ours() -> None:
    with pytest.raises(NotOurs):
        feedback.read(told.envelope(told.bounce(OF), ""), "")


_HOSTILE: list[Any] = [
    *(None, True, 7, 1e400, "x", "\ud800", "x" * 1_001, [], {}, [[]], [None], [{}], {"a": 1}),
]


@pytest.mark.parametrize("value", _HOSTILE, ids=lambda value: ascii(value)[:20])
@pytest.mark.parametrize("make", [told.bounce, told.complaint, told.delivery, told.rejected])
def test_a_value_of_another_kind_anywhere_harms_nothing(make: Any, value: Any) -> None:
    """Each value of an event by another one: it is read without that, or tells nothing."""
    whole = make(OF)
    for path in _paths(whole):
        event = json.loads(json.dumps(whole))
        at = event
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        try:
            found = _read(event)
        except NothingTold:
            continue
        texts = [found.name, found.told, found.what, *found.to, *found.tags, *found.tags.values()]
        assert all(text.encode() is not None and len(text) <= 1_000 for text in texts)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, one in inside:
        found.append((*path, name))
        if isinstance(one, dict | list):
            found += _paths(one, (*path, name))
    return found


@pytest.mark.parametrize(
    "message",
    ["[" * 200_000, '{"eventType":' * 40_000, "9" * 300_000, '{"a":"' + "x" * 600_000 + '"}'],
    ids=["deep", "deeper", "long number", "too long"],
)
def test_a_message_made_to_hurt_tells_nothing(message: str) -> None:
    with pytest.raises((NothingTold, NotOurs)):
        _read(message)


def test_of_tags_that_have_several_values_none_is_taken() -> None:
    mail = told.mail(OF)
    mail["tags"]["lead"] = ["lead_0001", "lead_0002"]
    assert "lead" not in _read(_with_mail(told.bounce(OF), tags=mail["tags"])).tags
