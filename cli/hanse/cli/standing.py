"""`hanse quota`, `hanse usage`: what a member may use, uses, borrows and lends, and what it was charged.

In: the API service, as whoever holds the token. Out: tables, or the service's JSON with --json for scripts.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hanse.cli.hub import ApiUrl, ask, ask_all

Json = Annotated[bool, typer.Option("--json", help="Print the service's answer.")]
MILLI = 1000
HOUR_SECONDS = 3600
MILLI_H100E_HOUR = MILLI * HOUR_SECONDS


def quota(api: ApiUrl = "", as_json: Json = False) -> None:
    """Show what your members are entitled to, use, borrow and lend, and what is left under their caps."""
    found = ask(api, "/v1/quota")
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    classes = Table("member", "class", "entitled", "used", "borrowed", "lent", "may borrow", "lends at most", box=None)
    caps = Table("member", "cap", "window ends", "limit", "left", "charged now", "lasts", box=None)
    for member in found["members"]:
        for row in _classes(member):
            classes.add_row(*row)
        for row in _caps(member):
            caps.add_row(*row)
    _print(classes, "your members have no GPUs and use none", "GPUs")
    credit = Table("member", "credit", "as of", box=None)
    for member in found["members"]:
        if member["credit"]:
            credit.add_row(member["member"], *_credit(member["credit"]))
    _print(credit, "", "Credit, in H100e-hours: lent less used, of which the older part is forgotten")
    _print(caps, "", "Caps, in H100e-hours; what is at once, in H100e")


def _classes(member: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for each in member["classes"]:
        named = ("entitled", "used", "borrowed", "lent", "borrowingLimit", "lendingLimit")
        yield member["member"], each["class"], *(_thousandth(each[f"{name}MilliGpus"]) for name in named)


def _credit(credit: dict[str, int]) -> tuple[str, str]:
    return f"{credit['milliH100eSeconds'] / MILLI_H100E_HOUR:+.1f}", _time(credit["asOfSeconds"])


def _caps(member: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for each in member["caps"]:
        limit, left = (f"{each[f'{name}MilliH100eSeconds'] / MILLI_H100E_HOUR:.1f}" for name in ("limit", "left"))
        lasts = "to its end" if each["lastsSeconds"] is None else str(timedelta(seconds=each["lastsSeconds"]))
        ends, now = _time(each["endSeconds"]), _thousandth(each["rateMilliH100e"])
        yield member["member"], each["name"], ends, limit, left, now, lasts
    for each in member["capsAtOnce"]:
        limit, used = each["limitMilliH100e"], each["usedMilliH100e"]
        yield member["member"], each["name"], "-", _thousandth(limit), _thousandth(limit - used), _thousandth(used), "-"


def usage(
    api: ApiUrl = "",
    days: Annotated[int, typer.Option(min=1, max=31, help="So many days up to now.")] = 1,
    as_json: Json = False,
) -> None:
    """Show, for each hour that was posted, what your members were charged and what their GPUs did."""
    end = int(datetime.now(UTC).timestamp())
    hours = ask_all(api, "/v1/usage", {"from": end - days * 24 * HOUR_SECONDS, "to": end})
    if as_json:
        typer.echo(json.dumps(hours, indent=1))
        return
    table = Table("member", "hour", "charged", "lent", "GPUs used", "idle", "down", "unknown", box=None)
    for each in hours:
        booked = (f"{each[name] / MILLI_H100E_HOUR:.1f}" for name in ("charged", "lent"))
        named = ("used", "idle", "down", "unknown")
        did = (f"{each[f'{name}MilliGpuSeconds'] / MILLI_H100E_HOUR:.1f}" for name in named)
        table.add_row(each["member"], _time(each["hourSeconds"]), *booked, *did)
    _print(
        table, f"no hour of the last {days * 24} is posted yet", "H100e-hours charged and lent; GPU-hours of own GPUs"
    )


def _thousandth(milli: int | None) -> str:
    return "no limit" if milli is None else f"{milli / MILLI:g}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _print(table: Table, empty: str, title: str) -> None:
    if not table.row_count:
        if empty:
            typer.echo(empty)
        return
    table.pad_edge = False
    typer.echo(f"{title}:")
    # A pipe has no width of its own.
    Console(width=None if Console().is_terminal else 200).print(table)
