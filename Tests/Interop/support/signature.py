"""Standard Webhooks (standardwebhooks.com) as a receiver checks them, written after its text and not after Viva's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time

TOLERANCE_SECONDS = 300


def make_secret() -> str:
    """A signing secret as the specification has it: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def problem_of(headers: dict[str, str], body: bytes, secret: str) -> str | None:
    """Why a message is not to be trusted; None when it is. Names of headers are in lower case."""
    missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if name not in headers]
    if missing:
        return f"no {' and no '.join(missing)}"
    identifier, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return f"a timestamp of {timestamp}"
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    signed = f"{identifier}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    offered = [each.partition(",") for each in headers["webhook-signature"].split(" ")]
    if any(version == "v1" and hmac.compare_digest(value, expected) for version, _, value in offered):
        return None
    return "a signature that is not the message's"
