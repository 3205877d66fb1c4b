"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/transfer: go on after a transfer."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.voice.conversation import pages


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return pages.transfer(request)
