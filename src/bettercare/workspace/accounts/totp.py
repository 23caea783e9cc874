"""Codes of an authenticator app: the time-based one-time password of RFC 6238 (SHA-1, 30 seconds, six digits)."""

from __future__ import annotations

import base64
import hmac
import io
import secrets
import struct
import time
from urllib.parse import quote, urlencode

STEP = 30  # seconds
DIGITS = 6
WINDOW = 1  # steps of clock difference that are forgiven, each way


def new_secret() -> str:
    """160 random bits in base 32, as apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of one step (RFC 4226, section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, after: int = 0, now: float | None = None) -> int | None:
    """The step that a code belongs to, or None. Steps up to `after` are used up and not taken again."""
    here = int((time.time() if now is None else now) // STEP)
    typed = "".join(code.split()).encode()
    for step in range(here - WINDOW, here + WINDOW + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), typed):
            return step
    return None


def new_recovery_codes(number: int = 8) -> list[str]:
    """Codes of 80 random bits, in groups of four that are easy to copy."""
    raw = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(number)]
    return ["-".join(text[i : i + 4] for i in range(0, 16, 4)) for text in raw]


def address(secret: str, name: str, issuer: str = "Better Care Together") -> str:
    """The address that an app reads from a picture."""
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?{query}"


def picture(text: str) -> str:
    """A QR code as SVG, or an empty text where the library is not installed (the secret can be typed instead)."""
    try:
        import qrcode
        from qrcode.image.svg import SvgPathImage
    except ImportError:
        return ""
    out = io.BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, border=4).save(out)
    svg = out.getvalue().decode()
    return svg[svg.index("<svg") :]
