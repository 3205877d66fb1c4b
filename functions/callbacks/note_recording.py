"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/recording: hear of a recording."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.voice.dialling import callbacks


@public
def handler(request: Request) -> Response:
    return callbacks.recording(request)
