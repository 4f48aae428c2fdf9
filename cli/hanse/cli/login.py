"""`hanse login`: open the dashboard in a browser, as whoever holds the token, without ever showing it the token.

In: the API service. Out: an address with a code in it, which is good once and for a minute. The code stands after the
`#`: browsers keep that part to themselves, so that no server or proxy on the way logs it.
"""

import webbrowser
from typing import Annotated

import typer

from hanse.cli.hub import ApiUrl, ask

PATH = "/login"


def login(
    api: ApiUrl = "",
    browser: Annotated[bool, typer.Option(help="Open the address here, if there is a browser.")] = True,
) -> None:
    """Open the dashboard in a browser, by a code that is good once and for a minute."""
    typer.echo(address := entrance(api))
    # A browser of the terminal would take it over.
    opener = _graphical() if browser else None
    if opener is None or not opener.open(address):
        typer.echo("open it in a browser within a minute; it is good once", err=True)


def entrance(api: str) -> str:
    """Return an address that opens the dashboard once, as whoever holds the token in HANSE_TOKEN."""
    return f"{api.rstrip('/')}{PATH}#{ask(api, '/v1/login', 'POST')['code']}"


def _graphical() -> webbrowser.BaseBrowser | None:
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return None if type(found) is webbrowser.GenericBrowser else found
