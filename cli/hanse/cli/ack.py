"""`hanse ack`: a member says, in writing, what its attempts used; where slots say more, it is on record.

In: what was posted for the member's attempts, its own record of them if it keeps one, its signing key. Out: signed
acknowledgements, sent to the API service. Without a record of one's own the hub's leases are what is compared: nobody
can be charged for more than those, and that is all that they show.
"""

import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hanse.cli import enrolling
from hanse.cli.errors import CommandError
from hanse.cli.hub import ApiUrl, ask, ask_all
from hanse.evidence import acknowledgements
from hanse.evidence.acknowledgements import Acknowledgement, Basis

PATH, USES = "/v1/acknowledgements", "/v1/uses"
BATCH = 1000
HOUR_SECONDS = 3600
_GPU_HOUR = HOUR_SECONDS * 1000
Record = dict[tuple[str, int], int]


def ack(
    member: Annotated[str, typer.Option(help="Who signs.")],
    member_key: Annotated[
        Path, typer.Option(help="The file with the member's signing key, as hanse cluster keys made it.", exists=True)
    ],
    record: Annotated[
        Path | None,
        typer.Option(
            help='What was used, as you measured it: lines {"attempt": ID, "hour": SECONDS, "milliGpuSeconds": N}. '
            "Without it, the hub's leases are compared.",
            exists=True,
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=31, help="Hours of so many days up to now.")] = 2,
    api: ApiUrl = "",
) -> None:
    """Say what your attempts used in the hours that were posted; exits with 1 where slots say more than you do."""
    key = enrolling.private_key(member_key)
    own = read(record) if record else None
    end = int(datetime.now(UTC).timestamp())
    found = ask_all(api, USES, {"from": end - days * 24 * HOUR_SECONDS, "to": end})
    posted = [each for each in found if each["member"] == member and each["acknowledgedMilliGpuSeconds"] is None]
    said = list(compare(member, posted, own))
    answers: list[Mapping[str, Any]] = []
    for first in range(0, len(said), BATCH):
        signed = [acknowledgements.sign(each, key) for each in said[first : first + BATCH]]
        messages = [{"body": _text(body), "signature": _text(signature)} for body, signature in signed]
        answers += ask(api, PATH, {"acknowledgements": messages})["acknowledged"]
    _tell(member, len(posted) - len(said), answers)


def read(file: Path) -> Record:
    """Return a member's own record.

    Raises:
        CommandError: a line is none.

    """
    found: Record = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        try:
            value = json.loads(line)
            found[str(uuid.UUID(value["attempt"])), int(value["hour"])] = int(value["milliGpuSeconds"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f'{file}, line {number}: {error!r}; write {{"attempt": ID, "hour": SECONDS, "milliGpuSeconds": N}}'
            raise CommandError(what) from error
    return found


def compare(member: str, posted: list[Mapping[str, Any]], own: Record | None) -> Iterator[Acknowledgement]:
    """Yield what the member can say of what is *posted*: nothing of what its own record does not have."""
    for each in posted:
        attempt, hour = each["attempt"], each["hourSeconds"]
        if own is None:
            used, basis = min(each["usedMilliGpuSeconds"], each["leasedMilliGpuSeconds"]), Basis.LEASES
        elif (attempt, hour) in own:
            used, basis = own[attempt, hour], Basis.OWN_RECORD
        else:
            continue
        yield Acknowledgement(member, uuid.UUID(attempt), hour, used, basis)


def _tell(member: str, left: int, answers: list[Mapping[str, Any]]) -> None:
    kept = sum(each["outcome"] in {"recorded", "duplicate"} for each in answers)
    typer.echo(f"{member}: {kept} hours of attempts acknowledged" + (f", {left} not in the record" if left else ""))
    wrong = False
    for each in answers:
        hour = datetime.fromtimestamp(each["hourSeconds"], UTC).strftime("%Y-%m-%dT%H:%MZ")
        if each["outcome"] not in {"recorded", "duplicate"}:
            wrong = True
            typer.echo(f"{each['attempt']} in {hour} is not kept: {each['outcome']}")
        elif each["differs"] is not None:
            wrong = True
            more = f"{each['differs'] / _GPU_HOUR:.2f} GPU-hours more than you do"
            typer.echo(f"{each['attempt']} in {hour}: slots say {more}; this is on record as UseDisputed")
    if wrong:
        raise typer.Exit(1)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
