"""Hanse's own API in a cluster: the chart's resources and admission policies, and when they are in force."""

from hanse.cli.demo import refusals
from hanse.cli.demo.stage import Stage
from hanse.devcluster import paths

FOLDERS = ("crds", "policies")


def install(stage: Stage) -> None:
    """Apply the chart's resources and policies, and claim that the API server has them in force."""
    for folder in FOLDERS:
        applied = stage.kubectl("apply", "--server-side", *files(folder))
        stage.claim(f"the API server accepts our {folder}", holds=applied.returncode == 0, found=applied.stderr)
    stage.kubectl("wait", "--for=condition=Established", "--timeout=120s", *files("crds"))
    stage.claim("the policies are in force", holds=refusals.are_in_force(stage))


def files(*folders: str) -> list[str]:
    """Return the arguments for kubectl that name the chart's manifests, all or those of *folders*."""
    templates = paths.sources().parent / "charts" / "hanse" / "templates"
    return [argument for folder in folders or FOLDERS for argument in ("-f", str(templates / folder))]
