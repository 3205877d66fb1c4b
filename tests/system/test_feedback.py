"""What SES tells of a campaign's mails, through the topic and the queue of the template."""

import json
import time
from typing import Any
from uuid import uuid4

from linkwright import clock, ids
from linkwright.mailer import items
from linkwright.mailer.leads import making
from tests import feedback, mailing
from tests.system.conftest import Api
from tools.local_cloud.cloud import Cloud
from tools.local_cloud.deployment import session
from tools.local_cloud.emulator_mail import SIMULATOR
from tools.local_cloud.mail import DOMAIN

PARTITION = "ws_demo"
PATIENCE_S = 120.0
READERS = {
    "bounce": f"bounce+{{}}@{SIMULATOR}",
    "complaint": f"complaint+{{}}@{SIMULATOR}",
    "read": "reader.{}@example.org",
}


def test_what_ses_tells_stops_and_what_a_foreign_topic_tells_does_not(
    cloud: Cloud, api: Api
) -> None:
    campaign, leads = _started(cloud, api)
    _wait(api, leads["bounce"], "bounced")
    _wait(api, leads["complaint"], "complained")
    _wait(api, leads["read"], "finished")
    for name, kind in (("bounce", "lead.bounced"), ("complaint", "lead.complained")):
        told = api.send("GET", f"/v1/events?object={leads[name]}").json()["data"]
        assert [one["type"] for one in told] == [kind]
        emails = api.send("GET", f"/v1/mailer/leads/{leads[name]}").json()["emails"]
        assert [one["state"] for one in emails] == ["sent", "canceled"]
    _is_not_believed(cloud, api, leads["read"])
    _publish(cloud, cloud.outputs["FeedbackTopic"], _bounce(cloud, leads["read"]))
    _wait(api, leads["read"], "bounced")
    counts = api.send("GET", f"/v1/mailer/campaigns/{campaign}").json()["lead_counts"]
    assert (counts["bounced"], counts["complained"]) == (2, 1)


def _is_not_believed(cloud: Cloud, api: Api, lead: str) -> None:
    """The same by another topic, which the emulator lets into the queue, and straight into it."""
    ask, bounce = _clients(cloud), _bounce(cloud, lead)
    sns, sqs, queue = ask("sns"), ask("sqs"), cloud.outputs["FeedbackQueue"]
    wanted = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
    arn = sqs.get_queue_attributes(**wanted)["Attributes"]["QueueArn"]
    stranger = sns.create_topic(Name="stranger")["TopicArn"]
    sns.subscribe(TopicArn=stranger, Protocol="sqs", Endpoint=arn)
    _publish(cloud, stranger, bounce)
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(bounce))
    sqs.send_message(QueueUrl=queue, MessageBody="[" * 10_000)
    _is_empty(sqs, queue)
    assert api.send("GET", f"/v1/mailer/leads/{lead}").json()["status"] == "finished"


def _started(cloud: Cloud, api: Api) -> tuple[str, dict[str, str]]:
    """A campaign that mails by SES, and a lead of each way in which a mail may end."""
    mailbox, key = _mailbox(cloud), {"Idempotency-Key": str(uuid4())}
    wanted = {
        **{"name": "Opted in", "postal_address": "1 Main Street, Haifa", "opted_in": True},
        "steps": [{"delay_days": 0}, {"delay_days": 90}],
        "mailbox_ids": [mailbox],
        "throttle": {"gap_seconds": 0, "jitter_seconds": 0, "window": mailing.ALWAYS},
    }
    made = api.send("POST", "/v1/mailer/campaigns", json=wanted, headers=key)
    assert made.status_code == 201, made.text
    campaign = str(made.json()["id"])
    # Who reads it is written to once.
    leads = {
        name: _lead(cloud, campaign, one, of=1 if name == "read" else 2)
        for name, one in READERS.items()
    }
    where = items.stats_key(PARTITION, campaign, "").attributes()
    _table(cloud).put_item(Item={**where, "n_ready": len(leads)})
    started = api.send("POST", f"/v1/mailer/campaigns/{campaign}/start", json={})
    assert started.status_code == 200, started.text
    return campaign, leads


def _mailbox(cloud: Cloud) -> str:
    """As it is once its domain is proven and looked at: the local zone has none of SES's."""
    mailbox, now = ids.new("mbx"), clock.timestamp()
    checks = dict.fromkeys(("spf", "dkim", "dmarc", "mx", "alignment"), {"status": "passed"})
    view = {
        **{"id": mailbox, "email": f"list@{DOMAIN}", "transport": "ses", "status": "active"},
        **{"daily_cap": 50, "gap_seconds": 1, "jitter_seconds": 0, "time_zone": "UTC"},
        **{"ramp": {"start": 50, "step": 1}, "window": mailing.ALWAYS, "version": 1},
        **{"checks": checks | {"domain": DOMAIN, "checked_at": now}},
        **{"created_at": now, "updated_at": now},
    }
    where = items.mailbox_key(PARTITION, mailbox).attributes()
    _table(cloud).put_item(Item={**where, "view": view, "v": 1, "since": now})
    return mailbox


def _lead(cloud: Cloud, campaign: str, address: str, *, of: int) -> str:
    lead, now = ids.new("lead"), clock.timestamp()
    view: Any = {
        **{"id": lead, "campaign_id": campaign, "email": address.format(uuid4().hex[:8])},
        **{"status": "ready", "flags": [], "metadata": {}, "version": 1, "created_at": now},
        **{"research": {"status": "succeeded", "sources": []}, "updated_at": now},
    }
    table = _table(cloud)
    table.put_item(Item=dict(making.stored(PARTITION, view, "push")))
    for seq in range(1, of + 1):
        email: Any = {
            **{"lead_id": lead, "campaign_id": campaign, "seq": seq, "version": 1, "claims": []},
            **{"subject": f"An idea {seq}", "body": "Hello,\n\nthis is it.", "state": "approved"},
            **{"generated_by": "deterministic", "created_at": now, "updated_at": now},
        }
        where = items.email_key(PARTITION, lead, seq).attributes()
        table.put_item(Item={**where, "view": email, "v": 1})
    return lead


def _bounce(cloud: Cloud, lead: str) -> dict[str, Any]:
    """Of the mail that was sent to a lead, with all that SES would say of it."""
    key = items.send_key(PARTITION, lead, 1).attributes()
    send: Any = _table(cloud).get_item(Key=key, ConsistentRead=True)["Item"]
    name = send["message_id"].partition("@")[0]
    tags = {"workspace": PARTITION, "lead": lead, "seq": "1", "mail": name}
    stored: Any = _table(cloud).get_item(Key=items.lead_key(PARTITION, lead).attributes())
    return feedback.bounce(tags, to=stored["Item"]["view"]["email"])


def _publish(cloud: Cloud, topic: str, event: dict[str, Any]) -> None:
    _clients(cloud)("sns").publish(TopicArn=topic, Message=json.dumps(event))


def _is_empty(sqs: Any, queue: str) -> None:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        if {found[name] for name in names} == {"0"}:
            return
        time.sleep(0.2)
    raise AssertionError("the messages are not done")


def _wait(api: Api, lead: str, status: str) -> None:
    give_up_at, found = time.monotonic() + PATIENCE_S, ""
    while time.monotonic() < give_up_at:
        shown = api.send("GET", f"/v1/mailer/leads/{lead}")
        assert shown.status_code == 200, shown.text
        found = shown.json()["status"]
        if found == status:
            return
        time.sleep(1)
    raise AssertionError(f"the lead is {found}, not {status}")


def _table(cloud: Cloud) -> Any:
    dynamodb = session().resource("dynamodb", endpoint_url=cloud.endpoint_url)
    return dynamodb.Table(cloud.outputs["CoreTable"])


def _clients(cloud: Cloud) -> Any:
    return lambda service: session().client(service, endpoint_url=cloud.endpoint_url)
