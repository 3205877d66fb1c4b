"""What becomes of a mail: shown as a letter, and filed in the inboxes of accounts of the host."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Any

from tools.mail_host.accounts import Accounts, Manners
from tools.mail_host.imap import SENT, Mailboxes
from tools.mail_host.letters import Letters


class Delivery:
    def __init__(
        self, letters: Letters, accounts: Accounts, manners: Manners, mailboxes: Mailboxes
    ) -> None:
        self._letters, self._accounts = letters, accounts
        self._manners, self._mailboxes = manners, mailboxes

    async def recall(self) -> None:
        """File anew what came to the hosts before."""
        for letter in reversed(list(self._letters.newest())):
            for address in filter(self._accounts.has, letter.recipients):
                await self._mailboxes.file(address, "INBOX", letter.content)

    async def deliver(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Of an account of the host."""
        if self._manners.files_sent:
            await self._mailboxes.file(sender, SENT, content)
        if not self._manners.loses:
            await self._file(sender, recipients, _judged(sender) + content)

    async def post(self, said: dict[str, Any]) -> str:
        """What somebody writes from elsewhere, as an answer; returns its Message-ID.

        `from`, `to`, `subject`, `text`, and `headers` by their names; or `raw`, all of it as a host
        writes that tells of a mail which came back.
        """
        sender, recipient = parseaddr(said["from"])[1], parseaddr(said["to"])[1]
        if "raw" in said:
            content = said["raw"].encode()
            await self._file(sender, [recipient], content)
            return str(message_from_bytes(content).get("Message-ID", ""))
        made = EmailMessage()
        made["From"], made["To"] = said["from"], said["to"]
        made["Subject"] = said.get("subject", "")
        made["Date"] = format_datetime(datetime.now(UTC))
        made["Message-ID"] = named = make_msgid(domain=sender.partition("@")[2])
        for name, value in said.get("headers", {}).items():
            made[name] = value
        made.set_content(said.get("text", ""))
        await self._file(sender, [recipient], made.as_bytes())
        return named

    async def _file(self, sender: str, recipients: list[str], content: bytes) -> None:
        self._letters.add(sender, recipients, content)
        for address in filter(self._accounts.has, recipients):
            await self._mailboxes.file(address, "INBOX", content)


def _judged(sender: str) -> bytes:
    """What a host says of a mail that it takes from one of its own accounts: nothing is signed."""
    domain = sender.rpartition("@")[2]
    results = f"spf=pass smtp.mailfrom={domain}; dkim=none; dmarc=pass header.from={domain}"
    return f"Authentication-Results: localhost; {results}\r\n".encode()
