"""The process MiniStack runs in: serves on an inherited socket, and ends with its parent.

The parent opens the socket, so nobody else can ever answer on its port. It also holds the other
end of this process's standard input: when the parent dies, however it dies, that end closes.
"""

import asyncio
import os
import signal
import sys
import threading

from tools.local_cloud import emulator_patches


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{sys.argv[1]}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    emulator_patches.apply()
    threading.Thread(target=end_with_parent, daemon=True).start()
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
