"""A host for mail on this machine: takes by SMTP whatever is sent, and shows it by HTTP. It has
accounts as well, that send by submission and read by IMAP.
"""

from tools.mail_host.host import MailHost, start_mail_host

__all__ = ["MailHost", "start_mail_host"]
