"""How a view answers: page() for a screen or some of its blocks, go() for where to next, toast() for a short word."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, flash, make_response, redirect, render_template, session
from htmx_flask import request
from jinja2_fragments.flask import render_blocks


def wants_fragment() -> bool:
    """Whether htmx asks for a part of the page: it names the part; whole-body visits name none."""
    asked = request.htmx
    return bool(asked) and not asked.boosted and not asked.history_restore_request and bool(asked.target)


def page(template: str, *blocks: str, status: int = 200, **context: object) -> Response:
    """The whole page for a browser, only the named blocks for htmx: one template, both doors."""
    context["fragment"] = bool(blocks) and wants_fragment()
    if context["fragment"]:
        body = render_blocks(template, list(blocks), **context) + _waiting_toasts()
    else:
        body = render_template(template, **context)
    response = make_response(body, status)
    response.vary.add("HX-Request")
    response.vary.add("HX-Target")
    return response


def go(url: str) -> Response:
    """On to the next page after a success: a redirect for browsers, a visit for htmx.

    A script that stays where it is says so, and gets what is to be said at once.
    """
    if request.htmx and not request.htmx.boosted:
        response = said() if "X-Stays-Here" in request.headers else make_response("", 204)
        response.headers["HX-Location"] = url
        return response
    return make_response(redirect(url, 303))


def local_path(url: str | None, otherwise: str | None = None) -> str | None:
    """The path of a URL of ours, for "back" and "next"; a stranger's URL becomes `otherwise`."""
    try:
        parts = urlsplit(url or "")
    except ValueError:  # such as an address with half a bracket
        return otherwise
    if (parts.netloc and parts.netloc != request.host) or not parts.path.startswith("/") or "\\" in (url or ""):
        return otherwise
    return f"/{parts.path.lstrip('/')}" + (f"?{parts.query}" if parts.query else "")


def toast(words: object, tone: str = "good", *, undo: str | None = None, **fields: str) -> None:
    """Say it in the corner of the next page or fragment; `undo` is where a POST of these fields takes it back."""
    flash({"words": str(words), "undo": undo, "fields": fields}, tone)  # type: ignore[arg-type]


def said() -> Response:
    """Only what waits to be said, for a script that sent something by itself and puts it in the corner."""
    return make_response(_toasts())


def _waiting_toasts() -> str:
    """What waits to be said rides along with a fragment, unless that fetched itself beside the page it waits for."""
    by_itself = request.method == "GET" and request.htmx.trigger == request.htmx.target
    if by_itself or "_flashes" not in session:
        return ""
    return f'<div id="toasts" hx-swap-oob="beforeend">{_toasts()}</div>'


def _toasts() -> str:
    return str(current_app.jinja_env.globals["ui"].toast.waiting())  # type: ignore[attr-defined]
