"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/recording: hear of a recording."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.voice.dialling import callbacks


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return callbacks.recording(request)
