"""Where the files beside the code lie: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent


def _found(packed: str, *checkout: str) -> Path:
    inside = _PACKAGE / packed
    return inside if inside.is_dir() else _CHECKOUT.joinpath(*checkout)


def templates() -> Path:
    """The pages' templates."""
    return _found("_templates", "templates")


def styles() -> Path:
    """The style sheets that desks and phone share."""
    return _found("_styles", "static", "styles")


def locales() -> Path:
    """The catalogues of coded messages that desks and phone share."""
    return _found("_locales", "static", "locales")


def client() -> Path:
    """The built client; it may be missing in a checkout that was not built."""
    return _found("_dist", "static", "dist")
