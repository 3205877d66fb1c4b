"""The process MiniStack runs in: serves on an inherited socket, and ends with its parent.

The parent opens the socket, so nobody else can ever answer on its port. It also holds the other
end of this process's standard input: when the parent dies, however it dies, that end closes.
"""

import os
import signal
import socket
import sys
import threading

import uvicorn

from tools.local_cloud import emulator_direct, emulator_patches


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    from ministack.app import app

    emulator_patches.apply()
    # A fifth of what Hypercorn, which MiniStack starts by itself, takes for a request.
    config = uvicorn.Config(
        emulator_direct.directly(app),
        http="httptools",
        loop="uvloop",
        lifespan="on",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )
    threading.Thread(target=end_with_parent, daemon=True).start()
    uvicorn.Server(config).run([socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
