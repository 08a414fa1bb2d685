"""The page's cookie: given for the link that the server printed, or for a token that a person types in."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse, Response

from mdtodo.serve.http.answers import answered
from mdtodo.serve.http.bodies import body, fields
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.service import service_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from mdtodo.serve.access.rules import Person

#: Seconds for which a browser keeps it; the token may end before.
_KEPT = 30 * 24 * 3600


def is_open(request: Request) -> bool:
    """Whether that is for who has no token yet: the link, and signing in."""
    path, method = request.url.path, request.method
    return (path == "/" and "token" in request.query_params) or (
        path == "/session" and method in ("POST", "DELETE")
    )


def refusal(request: Request, problem: Problem) -> Response | None:
    """For a person who opens the page without a token: where to type it in."""
    if problem.status != 401 or request.url.path != "/" or request.method not in ("GET", "HEAD"):
        return None
    return HTMLResponse(_FORM.format(said=""), 401, {**problem.headers, "Cache-Control": "no-store"})


async def by_link(request: Request) -> Response:
    """`/?token=…`: a cookie for it, and the page without it in its address."""
    try:
        cookie = _cookie(request, request.query_params["token"])
    except Problem as problem:
        if problem.status != 401:
            raise
        return HTMLResponse(_FORM.format(said=escape(problem.sentence)), 401, {"Cache-Control": "no-store"})
    return RedirectResponse("/", 303, {"Set-Cookie": cookie, "Cache-Control": "no-store"})


async def session(request: Request) -> Response:
    """`GET /session`: who asks, and what the token may."""
    return answered(request, described(request, request.scope["person"]), etag=False)


async def sign_out(request: Request) -> Response:
    """`DELETE /session`: the cookie goes."""
    return Response(status_code=204, headers={"Set-Cookie": service_of(request).access.no_cookie()})


def described(request: Request, person: Person) -> dict[str, object]:
    """Who asks, as a page needs it."""
    service = service_of(request)
    may = [one for one in ("read", "word", "run") if one in person.may]
    return {"token": person.token, "email": person.email, "may": may, "runs_allowed": service.allow_runs}


async def sign_in(request: Request) -> Response:
    """`POST /session`: a cookie for this token, as JSON or from the form."""
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if form:
        token = parse_qs((await body(request)).decode("utf-8", "replace")).get("token", [""])[0].strip()
        try:
            cookie = _cookie(request, token)
        except Problem as problem:
            if problem.status != 401:
                raise
            return HTMLResponse(
                _FORM.format(said=escape(problem.sentence)), 401, {"Cache-Control": "no-store"}
            )
        return RedirectResponse("/", 303, {"Set-Cookie": cookie})
    token = (await fields(request, token=str)).needed("token")
    return Response(status_code=204, headers={"Set-Cookie": _cookie(request, token)})


def _cookie(request: Request, token: str) -> str:
    access = service_of(request).access
    address = request.client.host if request.client else ""
    if access.token(token, address) is None:
        raise Problem(401, "this token is not known, or has ended", headers={"WWW-Authenticate": "Bearer"})
    secure = "; Secure" if request.url.scheme == "https" else ""
    return f"{access.cookie}={token}; Path=/; Max-Age={_KEPT}; HttpOnly; SameSite=Strict{secure}"


_FORM = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>mdtodo</title>
<h1>mdtodo</h1>
<p>This server needs a token: open the link that <code>mdtodo serve</code> printed, or type a token in.</p>
<p role="alert">{said}</p>
<form method="post" action="/session">
<label>Token <input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>Sign in</button>
</form>
</html>
"""
