"""The kinds of objects that the operator watches, and where the API server has them."""

from dataclasses import dataclass

from hanse import resources


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind by its name, and its place in the API; the core group is the empty string."""

    name: str
    group: str
    version: str
    plural: str

    @property
    def path(self) -> str:
        """The path under which all its objects are listed."""
        prefix = f"/apis/{self.group}" if self.group else "/api"
        return f"{prefix}/{self.version}/{self.plural}"

    def object_path(self, name: str, namespace: str | None) -> str:
        """Return the path of one object."""
        prefix = f"/apis/{self.group}" if self.group else "/api"
        within = f"/namespaces/{namespace}" if namespace else ""
        return f"{prefix}/{self.version}{within}/{self.plural}/{name}"


def _ours(resource: type[resources.Resource]) -> Kind:
    return Kind(resource.__name__, resources.GROUP, resources.VERSION, resource.definition.plural)


NAMESPACE = Kind("Namespace", "", "v1", "namespaces")
TRAINING_JOB = _ours(resources.TrainingJob)
PLACEMENT = _ours(resources.Placement)
WATCHED = (NAMESPACE, *(_ours(resource) for resource in resources.KINDS))
