"""The reports on one call, apart from the call itself: a slow receiver does not hold it up."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from tools.carrier.behaviour import Event
from tools.carrier.calls import Call
from tools.carrier.carrier import Carrier
from tools.carrier.orders import Hook
from tools.carrier.posts import Unreachable

_HTTP_ERROR = 400


@dataclass(frozen=True)
class Report:
    event: Event
    hook: Hook
    params: Mapping[str, str]


class Callbacks:
    def __init__(self, carrier: Carrier, call: Call) -> None:
        self._carrier = carrier
        self._call = call
        self._queue: SimpleQueue[Report | None] = SimpleQueue()
        self._thread = carrier.spawn(self._run)

    def add(self, event: Event, hook: Hook, params: Mapping[str, str]) -> None:
        self._queue.put(Report(event, hook, params))

    def finish(self) -> None:
        """Returns when all that was added is posted."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        behaviour = self._call.behaviour
        held: list[Report] = []
        while (report := self._queue.get()) is not None:
            if report.event in behaviour.lost:
                continue
            if behaviour.order:
                held.append(report)
            else:
                self._deliver(report)
        order = list(behaviour.order)
        for report in sorted(
            held, key=lambda one: order.index(one.event) + 1 if one.event in order else 0
        ):
            self._deliver(report)

    def _deliver(self, report: Report) -> None:
        behaviour = self._call.behaviour
        self._carrier.pause(behaviour.late_s)
        token = str(uuid.uuid4())
        posts = [Thread(target=self._post, args=(report, token)) for _ in range(behaviour.copies)]
        for post in posts:
            post.start()
            if not behaviour.at_once:
                post.join()
        for post in posts:
            post.join()

    def _post(self, report: Report, token: str) -> None:
        if self._carrier.closing.is_set():
            return
        try:
            answer = self._carrier.poster.send(
                report.event, self._call.sid, report.hook, report.params, token
            )
        except Unreachable as error:
            self._carrier.alert(self._call, 11205, f"HTTP connection failure: {error}")
            return
        if answer.status >= _HTTP_ERROR:
            self._carrier.alert(self._call, 11200, f"HTTP retrieval failure: {answer.status}")
