"""The servers that help a browser and this app to find a way to each other: STUN and TURN (RFC 8445)."""

import json
from collections.abc import Mapping
from typing import Any

from emotion.errors import ReadableError

VARIABLE = "EMOTION_ICE_SERVERS"
_SCHEMES = ("stun:", "stuns:", "turn:", "turns:")
_EXAMPLE = '[{"urls": "turn:turn.example.org:3478", "username": "…", "credential": "…"}]'


class IceServersError(ReadableError):
    """The setting is malformed; the message is one sentence for a person and holds no credential."""


def parse_ice_servers(text: str | None) -> list[dict[str, Any]]:
    """Return the servers that the setting names, as `RTCPeerConnection` wants them; none if it is empty.

    Args:
        text: JSON, a list of objects with `urls` (a text or a list of texts) and, for TURN, `username` and
            `credential`.

    Raises:
        IceServersError: it is anything else.
    """
    if text is None or not text.strip():
        return []
    try:
        servers = json.loads(text)
    except ValueError:
        raise IceServersError(f"{VARIABLE} is not valid JSON; it should look like {_EXAMPLE}.") from None
    if not isinstance(servers, list):
        raise IceServersError(f"{VARIABLE} must be a list of servers, like {_EXAMPLE}.")
    return [_check(server, number) for number, server in enumerate(servers, start=1)]


def _check(server: object, number: int) -> dict[str, Any]:
    urls = server.get("urls") if isinstance(server, Mapping) else None
    listed = [urls] if isinstance(urls, str) else urls
    if not isinstance(server, Mapping) or not isinstance(listed, list) or not listed:
        raise IceServersError(
            f'Server {number} of {VARIABLE} lacks "urls", like "stun:stun.example.org:3478".'
        )
    for url in listed:
        if not isinstance(url, str) or not url.startswith(_SCHEMES):
            raise IceServersError(
                f"Server {number} of {VARIABLE} has an address that does not begin with stun: or turn:."
            )
    credentials = {key: server[key] for key in ("username", "credential") if key in server}
    if any(url.startswith("turn") for url in listed) and len(credentials) < 2:
        raise IceServersError(
            f'Server {number} of {VARIABLE} is a TURN server without "username" and "credential".'
        )
    if not all(isinstance(value, str) for value in credentials.values()):
        raise IceServersError(f'"username" and "credential" of server {number} of {VARIABLE} must be texts.')
    return {"urls": urls, **credentials}
