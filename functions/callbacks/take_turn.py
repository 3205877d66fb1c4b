"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/turn/{turn}: answer what was heard."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.voice.conversation import pages


@public
def handler(request: Request) -> Response:
    return pages.turn(request)
