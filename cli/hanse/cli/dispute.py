"""`hanse dispute`: a member says that an hour's postings are wrong, and sees what became of it.

In: the API service, as whoever holds the token. Out: the dispute's id, or a list. Whoever closes the books rules on
it (:mod:`hanse.cli.closing`).
"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hanse.cli.errors import CommandError
from hanse.cli.hub import ApiUrl, ask, ask_all

app = typer.Typer(
    help="Dispute what an hour was posted as, and see what became of it.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("open")
def open_(
    hour: Annotated[str, typer.Option("--hour", metavar="YYYY-MM-DDTHH", help="The hour, in UTC.")],
    claimed: Annotated[int, typer.Option("--claimed", min=0, help="What it should have come to, mH·s.")],
    reason: Annotated[str, typer.Option("--reason", help="What is wrong, for whoever rules on it.")],
    member: Annotated[str, typer.Option("--member", help="Which of your members, if you act for several.")] = "",
    attempt: Annotated[str, typer.Option("--attempt", metavar="ID", help="One attempt; absent, all of the hour.")] = "",
    api: ApiUrl = "",
) -> None:
    """Open a dispute about an hour that was posted; the same again is the same dispute."""
    body = {"member": member, "hourSeconds": _seconds(hour), "claimed": claimed, "reason": reason}
    told = ask(api, "/v1/disputes", body | ({"attempt": attempt} if attempt else {}))
    typer.echo(f"dispute {told['dispute']} is {told['state']}")


@app.command("list")
def list_(api: ApiUrl = "") -> None:
    """List your disputes and how they stand."""
    table = Table("dispute", "member", "hour", "attempt", "state", "answer", box=None)
    for each in ask_all(api, "/v1/disputes"):
        hour = datetime.fromtimestamp(each["hourSeconds"], UTC).strftime("%Y-%m-%dT%H")
        what = each["attempt"] or "all"
        table.add_row(each["dispute"], each["member"], hour, what, each["state"], each["answer"])
    Console(width=200).print(table)


@app.command()
def withdraw(
    dispute: Annotated[str, typer.Argument(metavar="DISPUTE", help="The dispute's id.")], api: ApiUrl = ""
) -> None:
    """Take a dispute of yours back."""
    told = ask(api, f"/v1/disputes/{dispute}/withdraw", {})
    typer.echo(f"dispute {told['dispute']} is {told['state']}")


def _seconds(hour: str) -> int:
    try:
        return int(datetime.strptime(f"{hour}+0000", "%Y-%m-%dT%H%z").timestamp())
    except ValueError:
        raise CommandError(f"--hour {hour}: write it as 2026-11-02T09, in UTC") from None
