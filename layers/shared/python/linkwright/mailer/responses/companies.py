"""Colleagues of somebody who has answered: where a step says so, none of them is written to any
more by that campaign. A job, as they may be many.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import chain

from linkwright import clock, jobs
from linkwright.jobs import AlreadyDone, Work
from linkwright.mailer import items as mailer_items
from linkwright.mailer.items import LeadItem, LeadView
from linkwright.mailer.responses import items
from linkwright.mailer.suppressions import stopping
from linkwright.table import Item, Table, get, pages
from linkwright.transaction import Transaction

_AT_ONCE = 100
# Longer than an index is behind.
_BEHIND = timedelta(seconds=10)
_words = re.compile(r"\S+").findall
# Whose addresses have these domains are no colleagues.
_OF_EVERYBODY = frozenset(
    _words("""
    126.com 163.com aol.com aol.de arcor.de att.net bellsouth.net bezeqint.net bigpond.com
    bk.ru bluewin.ch btinternet.com centrum.cz charter.net comcast.net cox.net earthlink.net
    fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net
    googlemail.com hanmail.net hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es
    hotmail.fr hotmail.it hushmail.com icloud.com inbox.lv inbox.ru interia.pl laposte.net
    libero.it list.ru live.co.uk live.com live.fr live.nl mac.com mail.com mail.ru me.com
    msn.com naver.com netvision.net.il o2.pl onet.pl online.de optonline.net orange.fr
    outlook.com outlook.de outlook.es outlook.fr pm.me posteo.de proton.me protonmail.com
    qq.com rediffmail.com rocketmail.com rogers.com sapo.pt sbcglobal.net seznam.cz sfr.fr
    shaw.ca sina.com sky.com sympatico.ca t-online.de talktalk.net telenet.be terra.com.br
    tiscali.it tutanota.com uol.com.br verizon.net virgilio.it walla.co.il walla.com
    wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
    yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com
    """)
)


def ask(tx: Transaction, lead: LeadItem) -> None:
    """Have the others of a lead's domain end, if it is a company's."""
    domain = _domain(lead["view"])
    if domain in _OF_EVERYBODY:
        return
    where = items.company_key(tx.partition, lead["sk"])
    of = {"campaign": lead["view"]["campaign_id"], "domain": domain}
    times = {"asked_at": clock.timestamp(), "ttl": clock.epoch() + items.KNOWN_S}
    marks = jobs.requested(jobs.COMPANY, lead["sk"])
    tx.put(Table.CORE, {**where.attributes(), **of, **times, **marks}, condition="")


def _domain(lead: LeadView) -> str:
    return mailer_items.normalised(lead["email"]).rpartition("@")[2]


def stop(work: Work) -> None:
    """Raises `NotYet` where the index that tells of leads may not know them all yet."""
    job = get(Table.CORE, work.key)
    if job is None or not jobs.is_due(job):
        return
    partition = jobs.partition_of(work.pk)
    colleagues = (
        row["sk"]
        for row in _of(partition, job["campaign"])
        if row["sk"] != work.sk and _domain(row["view"]) == job["domain"]
    )
    stopping.end_each(partition, colleagues, "finished", "company_replied")
    settled = clock.parse(job["asked_at"]) + _BEHIND
    if clock.now() < settled:
        raise clock.NotYet(settled)
    tx = Transaction(partition, "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _of(partition: str, campaign_id: str) -> Iterator[Item]:
    where = mailer_items.campaign_leads(partition, campaign_id)
    return chain.from_iterable(pages(Table.CORE, where, index="gsi1", limit=_AT_ONCE))
