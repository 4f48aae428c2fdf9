"""Jobs by their names: what lists of them are made from, page by page.

In: jobs as they come, change and go, by uid. Out: so many of some namespaces, from a name on, in the order of namespace
and name. A page costs what it holds, however many jobs there are; it must not walk them all.
"""

import bisect
import itertools
from collections.abc import Iterable, Iterator

Named = tuple[str, str, str]
"""Namespace, name, uid."""


class Names:
    """The names of the jobs that can be read."""

    def __init__(self) -> None:
        self._by_namespace: dict[str, list[tuple[str, str]]] = {}
        self._by_uid: dict[str, tuple[str, str]] = {}

    def put(self, uid: str, namespace: str, name: str) -> None:
        """Take in a job, or that it is still there: neither name nor namespace of one ever changes."""
        if uid not in self._by_uid:
            self._by_uid[uid] = namespace, name
            bisect.insort(self._by_namespace.setdefault(namespace, []), (name, uid))

    def drop(self, uid: str) -> None:
        """Take in that a job is gone, if it was there."""
        if (named := self._by_uid.pop(uid, None)) is not None:
            namespace, name = named
            found = self._by_namespace[namespace]
            del found[bisect.bisect_left(found, (name, uid))]
            if not found:
                del self._by_namespace[namespace]

    def page(self, namespaces: Iterable[str], after: tuple[str, str], most: int) -> list[Named]:
        """Return at most so many jobs after a namespace and name."""
        return list(itertools.islice(self._after(namespaces, after), most))

    def _after(self, namespaces: Iterable[str], after: tuple[str, str]) -> Iterator[Named]:
        for namespace in sorted(namespaces):
            found = self._by_namespace.get(namespace, [])
            if namespace < after[0]:
                continue
            # No name begins with the greatest character there is: all jobs of the last name are behind it.
            first = bisect.bisect_right(found, (after[1], "\U0010ffff")) if namespace == after[0] else 0
            for name, uid in itertools.islice(found, first, None):
                yield namespace, name, uid
