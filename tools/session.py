"""Sign a session token for the local cloud's demo user: `python -m tools.session`."""

import time
from pathlib import Path

import jwt

from tools.local_cloud import clerk, demo_data
from tools.local_cloud.cloud import DIRECTORY

LIFETIME_S = 3600


def main() -> None:
    demo = demo_data.read(DIRECTORY)
    now = int(time.time())
    claims = {
        "v": 2,
        "iss": demo["CLERK_ISSUER"],
        "sub": demo["CLERK_USER_ID"],
        "sid": "sess_local",
        "azp": demo["CLERK_AUTHORIZED_PARTY"],
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_S,
        "o": {"id": demo["CLERK_ORG_ID"], "rol": "admin"},
    }
    key = Path(demo["CLERK_PRIVATE_KEY_FILE"]).read_text()
    print(jwt.encode(claims, key, algorithm="RS256", headers={"kid": clerk.KEY_ID}))


if __name__ == "__main__":
    main()
