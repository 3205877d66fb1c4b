"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/status: hear how a call goes on."""

from linkwright.endpoint import endpoint
from linkwright.http import Request, Response
from linkwright.voice.dialling import callbacks


@endpoint(scope=None, public=True)
def handler(request: Request) -> Response:
    return callbacks.status(request)
