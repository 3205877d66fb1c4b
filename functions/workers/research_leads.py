"""Queue ResearchQueue: read the site of a lead's company, and write the emails to the lead."""

from linkwright.jobs import Work
from linkwright.mailer.research import running
from linkwright.worker import queue_worker


@queue_worker(give_up=running.give_up)
def handler(work: Work) -> None:
    running.run(work)
