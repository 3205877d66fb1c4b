"""POST /callbacks/twilio/{partition}/{call_id}/{attempt}/status: hear how a call goes on."""

from linkwright.exchange import public
from linkwright.http import Request, Response
from linkwright.voice.dialling import callbacks


@public
def handler(request: Request) -> Response:
    return callbacks.status(request)
