"""Signing in with the partnership's own account service: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636).

Settings name the issuer, the client and its secret. The service only says who somebody is: an account and its roles
are made here, by invitation. The ID token comes straight from the issuer's own address over TLS, which by section
3.1.3.7 (6) of the standard stands in for checking its signature; its issuer, audience, times and nonce are checked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

SECONDS = 10  # patience with the service
CLOCK = 120  # seconds of clock difference that are forgiven
LARGEST = 1_000_000  # bytes of an answer
STRONG = {"mfa", "otp", "hwk", "fpt", "sc"}  # ways of signing in (RFC 8176) that are a second factor


class Refused(Exception):  # noqa: N818  (it reads so where it is caught)
    """The service, or what it said, cannot be relied on."""


def configured() -> bool:
    """Whether this workspace has such a service."""
    return bool(settings.OIDC["issuer"] and settings.OIDC["client"])


def begin(back: str) -> tuple[str, dict[str, str]]:
    """The address to send somebody to, and what to keep in the session until the answer comes to `back`."""
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept["verifier"].encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": settings.OIDC["client"],
        "redirect_uri": back,
        "scope": "openid email profile",
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    endpoint = _endpoints()["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", {**kept, "back": back}


def finish(kept: dict[str, str], state: str, code: str) -> dict[str, Any]:
    """The claims about whoever has come back. Raises Refused where anything does not fit."""
    if not kept or not state or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        raise Refused("the answer does not belong to this browser")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": kept["back"],
        "client_id": settings.OIDC["client"],
        "client_secret": settings.OIDC["secret"],
        "code_verifier": kept["verifier"],
    }
    answer = _fetch(_endpoints()["token_endpoint"], urlencode(form).encode())
    return _checked(_claims(answer.get("id_token")), kept["nonce"])


def is_strong(claims: dict[str, Any]) -> bool:
    """Whether the service says that it asked for a second factor."""
    ways = claims.get("amr")
    return isinstance(ways, list) and bool(STRONG & {way for way in ways if isinstance(way, str)})


def _claims(token: Any) -> dict[str, Any]:
    try:
        payload = str(token).split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise Refused("the answer has no identity in it") from error
    if not isinstance(found, dict):
        raise Refused("the answer has no identity in it")
    return found


def _checked(claims: dict[str, Any], nonce: str) -> dict[str, Any]:
    audience = claims.get("aud")
    heard = audience if isinstance(audience, list) else [audience]
    client = settings.OIDC["client"]
    ends, made = claims.get("exp"), claims.get("iat")
    if not isinstance(ends, int | float) or not isinstance(made, int | float):
        raise Refused("the identity has no times")
    fits = (
        str(claims.get("iss", "")).rstrip("/") == settings.OIDC["issuer"]
        and client in heard
        and (len(heard) == 1 or claims.get("azp") == client)
        and hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())
        and time.time() < ends + CLOCK
        and made < time.time() + CLOCK
        and isinstance(claims.get("sub"), str)
        and bool(claims["sub"])
    )
    if not fits:
        raise Refused("the identity is not for this workspace, or not of now")
    return claims


def _endpoints() -> dict[str, str]:
    issuer = settings.OIDC["issuer"]
    found = _fetch(f"{issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise Refused("the service calls itself by another name")
    for name in ("authorization_endpoint", "token_endpoint"):
        _secure(str(found.get(name, "")))
    return found


def _secure(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        raise Refused("the service is not on https")


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Not followed: the secret goes to the issuer only."""


def _fetch(address: str, form: bytes | None = None) -> dict[str, Any]:
    _secure(address)
    try:
        request = Request(address, data=form, headers={"Accept": "application/json"})
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            found = json.loads(answer.read(LARGEST))
    except (URLError, OSError, ValueError) as error:
        raise Refused("the service does not answer as it should") from error
    if not isinstance(found, dict):
        raise Refused("the service does not answer as it should")
    return found
