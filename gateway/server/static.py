"""Headers that GraphiQL and the documentation share."""

from typing import Final


def content_security_policy(scripts: str, form_action: str = "'none'") -> str:
    """A policy under which a page loads nothing from another host.

    Args:
        scripts: the sources of scripts that run.
        form_action: the sources that forms are sent to.
    """
    # 'unsafe-inline' is for styles alone: the editor lays out its lines with them.
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        f"base-uri 'none'; frame-ancestors 'none'; form-action {form_action}"
    )


SECURE: Final = {
    "Content-Security-Policy": content_security_policy("'self'"),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# Said, not guessed: where the system calls JavaScript text/plain, `nosniff` would stop the page.
MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
