"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/answer: say what an answered call does."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.voice.conversation import pages


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return pages.answer(request)
