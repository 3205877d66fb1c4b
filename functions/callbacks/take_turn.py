"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/turn/{turn}: answer what was heard."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.voice.conversation import pages


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return pages.turn(request)
