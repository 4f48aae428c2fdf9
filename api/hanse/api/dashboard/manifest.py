"""A manifest that somebody pasted: what one TrainingJob in it asks for, as plain data.

In: a text. Out: the namespace and the spec. The text is anybody's: what refers to itself, and could grow without bound
when it is written out, is refused, and so is what JSON does not know.
"""

import json
from typing import Any

import yaml

LENGTH_MAX = 64 * 1024
SAID_MAX = 300
"""So much of what is wrong with one is shown: YAML quotes the text."""


class NotOneJobError(ValueError):
    """There are none, or several; *count* says how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} TrainingJobs")
        self.count = count


class _Plain(yaml.SafeLoader):
    """YAML without aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken here: write it out")
        return super().compose_node(parent, index)


def read(text: str) -> tuple[str, dict[str, Any]]:
    """Return the namespace that the TrainingJob in *text* names, if it names one, and its spec.

    Raises:
        NotOneJobError: there is not exactly one.
        ValueError: it is no YAML, or says what JSON cannot.

    """
    if len(text) > LENGTH_MAX:
        raise ValueError(f"it has more than {LENGTH_MAX} characters")
    try:
        documents = json.loads(json.dumps(list(yaml.load_all(text, _Plain)), allow_nan=False))
    except (yaml.YAMLError, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    jobs = [each for each in documents if isinstance(each, dict) and each.get("kind") == "TrainingJob"]
    if len(jobs) != 1:
        raise NotOneJobError(len(jobs))
    metadata, spec = (jobs[0].get(name) for name in ("metadata", "spec"))
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    return namespace if isinstance(namespace, str) else "", spec if isinstance(spec, dict) else {}
