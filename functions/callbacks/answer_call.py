"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/answer: say what an answered call does."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.voice.conversation import pages


@public
def handler(request: Request) -> Response:
    return pages.answer(request)
