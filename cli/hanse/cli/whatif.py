"""`hanse whatif`: what would become of a job if it were submitted now.

In: a file with a TrainingJob, and the API service. Out: whether it would be admitted, where and how, or why not; when
it would start, what it would cost, how many would be stopped. Nothing is submitted.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from hanse.cli.errors import CommandError
from hanse.cli.hub import ApiUrl, Object, ask
from hanse.cli.queue import lines, start_in_words
from hanse.cli.standing import MILLI, MILLI_H100E_HOUR, Json


def whatif(
    file: Annotated[
        Path, typer.Option("--file", "-f", help="A file with one TrainingJob.", exists=True, dir_okay=False)
    ],
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="The namespace, if the file names none.")] = "",
    api: ApiUrl = "",
    as_json: Json = False,
) -> None:
    """Say what would become of a job if it were submitted now; a member may ask a few times a minute."""
    job = _read(file)
    within = namespace or (job.get("metadata") or {}).get("namespace") or ""
    if not within:
        raise CommandError(f"{file}: metadata.namespace is not there: say --namespace NAMESPACE")
    told = ask(api, "/v1/whatif", {"namespace": within, "spec": job.get("spec") or {}})
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    for line in _lines(told):
        typer.echo(line)


def _read(file: Path) -> Object:
    try:
        documents = [each for each in yaml.safe_load_all(file.read_text()) if each]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: it is no YAML: {error}") from error
    jobs: list[Object] = [each for each in documents if isinstance(each, dict) and each.get("kind") == "TrainingJob"]
    if len(jobs) != 1:
        raise CommandError(f"{file}: {len(jobs)} TrainingJobs are in it: give a file with one")
    return jobs[0]


def _lines(told: dict[str, Any]) -> Iterator[str]:
    if told["admitted"]:
        yield f"it would be admitted now: {told['strength']}, {told['gpus']} {told['class']} in {told['cluster']}"
        yield f"starts: {start_in_words(told['now']['start'])}"
    else:
        yield "it would not be admitted now"
        yield from lines(told["now"])
    if victims := told.get("victims"):
        others = "not told" if victims["others"] is None else victims["others"]
        yield f"would be stopped for it: {victims['own']} of its own member's jobs; of others': {others}"
    if cost := told.get("cost"):
        rate, whole = cost["rateMilliH100e"] / MILLI, cost["milliH100eSeconds"] / MILLI_H100E_HOUR
        yield f"charged: {rate:g} H100e, {whole:.1f} H100e-hours if it runs for all of maxRuntime"
        yield from _caps(cost)


def _caps(cost: dict[str, Any]) -> Iterator[str]:
    for cap in cost["caps"]:
        left = cap["leftMilliH100eSeconds"] / MILLI_H100E_HOUR
        yield f"cap {cap['name']}: {left:.1f} H100e-hours left in this window"
    for cap in cost["capsAtOnce"]:
        yield f"cap {cap['name']}: {(cap['limitMilliH100e'] - cap['usedMilliH100e']) / MILLI:g} H100e more at once"
