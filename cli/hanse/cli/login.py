"""`hanse login`: open the dashboard in a browser, as whoever holds the token, without ever showing it the token.

In: the API service. Out: an address with a code in it, which is good once and for a minute. The code stands after the
`#`: browsers keep that part to themselves, so that no server or proxy on the way logs it. A browser that is started
here finds the address in a file that only its user can read, as all users of a machine see arguments.
"""

import html
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli.hub import ApiUrl, ask

PATH = "/login"


def login(
    api: ApiUrl = "",
    browser: Annotated[bool, typer.Option(help="Open the address here, if there is a browser.")] = True,
) -> None:
    """Open the dashboard in a browser, by a code that is good once and for a minute."""
    address = f"{api.rstrip('/')}{PATH}#{ask(api, '/v1/login', {})['code']}"
    typer.echo(address)
    if not browser or not _opened(address):
        typer.echo("open it in a browser within a minute; it is good once", err=True)


def _opened(address: str) -> bool:
    """Open an address in a browser with windows; whether there was one."""
    try:
        opener = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(opener) is webbrowser.GenericBrowser:
        return False  # one of the terminal would take it over
    # It stays: nobody knows when the browser has read it, and the code in it is worth nothing after a minute.
    with tempfile.NamedTemporaryFile("w", prefix="hanse-login-", suffix=".html", delete=False) as page:
        page.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={html.escape(address)}">')
    return opener.open(Path(page.name).as_uri())
