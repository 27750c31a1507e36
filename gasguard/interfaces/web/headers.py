"""What every answer tells the browser: load nothing from elsewhere, show it nowhere else, keep it
nowhere.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CONTENT = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_ALWAYS = {
    "content-security-policy": _CONTENT,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_HEADERS = [(name.encode(), value.encode()) for name, value in _ALWAYS.items()]
_CACHE = b"cache-control"


def with_headers(app: ASGIApp, static: str) -> ASGIApp:
    """`app`, whose answers have them. What lies below the path `static` may be kept and asked for
    again; nothing else is kept by anybody, unless the answer itself says so.
    """

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        kept = b"no-cache" if scope["path"].startswith(static) else b"no-store"

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower(), value) for name, value in message.get("headers", [])]
                said = {name for name, _ in own}
                cache = [] if _CACHE in said else [(_CACHE, kept)]
                headers = [*own, *(one for one in _HEADERS if one[0] not in said), *cache]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, headed)

    return answered
