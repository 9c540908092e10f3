"""The dashboard's files, as they were built: /assets/ for good, everything else looked at anew at each visit.

The pages find their way by the path in the browser, so that any path that is no file is index.html.
"""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.edge.admission import require_our_name
from tunewright_gateway.edge.head import Head

BUILT: Final = Path(__file__).parents[1] / "dashboard"
INDEX: Final = "index.html"
ASSETS: Final = "assets/"
"""What the build names after its content, and so never changes under its name."""
FOR_GOOD: Final = "public, max-age=31536000, immutable"
ANEW: Final = "no-cache"
CODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Content codings and what the build adds to a file's name, the smallest first."""
NOT_BUILT: Final = "The dashboard is not in this installation: it was not built. In a checkout, run: make dashboard\n"
READING: Final = ("GET", "HEAD")

POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
"""Nothing but our own files, and no frame around them."""
ALWAYS: Final = {
    "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Pages:
    """An ASGI application for every path that nothing else is served under."""

    def __init__(self, names: tuple[str, ...], folder: Path = BUILT) -> None:
        self._names, self._folder = names, folder
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(scope)
        response.headers.update(ALWAYS)
        await response(scope, receive, send)

    async def _response(self, scope: Scope) -> Response:
        try:
            require_our_name(Head.of(scope), self._names)
        except Refusal as refusal:
            return PlainTextResponse(f"{refusal.text}\n", refusal.status)
        if scope["method"] not in READING:
            return PlainTextResponse("Pages are read by GET.\n", 405, {"Allow": ", ".join(READING)})
        return await asyncio.to_thread(self._read, scope)

    def _read(self, scope: Scope) -> Response:
        path, headers = self._files.get_path(scope), Headers(scope=scope)
        if (found := self._file(path)) is not None and path != INDEX:
            return self._whole(path, found, headers)
        if (index := self._file(INDEX)) is None:
            return PlainTextResponse(NOT_BUILT, 404)
        wanted = path in {".", INDEX} or "text/html" in headers.get("accept", "")
        if path.startswith(ASSETS) or not wanted:
            return PlainTextResponse("There is no such file.\n", 404)
        # Read whole: what tells one FileResponse from another is size and time, which two builds may share.
        return Response(index.read_bytes(), media_type="text/html", headers={"Cache-Control": ANEW})

    def _whole(self, path: str, file: Path, headers: Headers) -> Response:
        """Return a file, as the client likes it best of what was built."""
        accepted = {part.partition(";")[0].strip() for part in headers.get("accept-encoding", "").split(",")}
        given = {"Cache-Control": FOR_GOOD if path.startswith(ASSETS) else ANEW, "Vary": "Accept-Encoding"}
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        for coding, suffix in CODINGS:
            if coding in accepted and (smaller := self._file(path + suffix)) is not None:
                return FileResponse(smaller, media_type=kind, headers=given | {"Content-Encoding": coding})
        return FileResponse(file, media_type=kind, headers=given)

    def _file(self, path: str) -> Path | None:
        """Return the file of a path, which a link or .. cannot lead out of the folder; None: there is none."""
        try:
            found, _ = self._files.lookup_path(path)
        except (OSError, ValueError):  # a name too long, or one that no file can have
            return None
        return Path(found) if found and Path(found).is_file() else None
