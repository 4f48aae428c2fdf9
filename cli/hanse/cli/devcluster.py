"""`hanse devcluster`: a Kubernetes control plane, nodes and Postgres on this machine, for development."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hanse.devcluster import cluster, image, nodes, progress
from hanse.devcluster.errors import DevclusterError

app = typer.Typer(
    help="A real Kubernetes control plane, nodes and Postgres on this machine, for development.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="The cluster's name.")]
Shapes = Annotated[
    list[str] | None,
    typer.Option("--nodes", metavar="CLASS=NODESxGPUS", help="Simulated nodes, such as h100-80g=4x8. May be repeated."),
]


@app.command()
def up(
    name: Name = cluster.DEFAULT_NAME,
    shapes: Shapes = None,
    real_node: Annotated[bool, typer.Option("--real-node", help="Add a node that really runs pods (root).")] = False,
    postgres: Annotated[bool, typer.Option(help="Start PostgreSQL too.")] = True,
    scheduler: Annotated[bool, typer.Option("--scheduler", help="Start kube-scheduler too.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The API server's port; a free one if left out.")
    ] = None,
) -> None:
    """Start a cluster that stays until `hanse devcluster down`."""
    wanted = cluster.Wanted(
        shapes=tuple(nodes.parse(shape) for shape in shapes or ()),
        real_node=real_node,
        postgres=postgres,
        scheduler=scheduler,
        port=port,
    )
    started = cluster.up(name, wanted, stay=True)
    typer.echo(f"cluster {name} is up at {started.url}")
    typer.echo(f"  export KUBECONFIG={started.kubeconfig}")
    typer.echo(f'  export PATH="{started.kubectl_binary.parent}:$PATH"   # a kubectl of the same version')
    if cluster.configured_database_url():
        typer.echo("  PostgreSQL is the one that HANSE_DATABASE_URL names")
    elif postgres:
        typer.echo(f'  export HANSE_DATABASE_URL="$(cat {started.folder}/database-url)"')
        if real_node:
            typer.echo(f"  pods reach PostgreSQL by what is in {started.folder}/database-url-of-pods")
    typer.echo(f"take it down with `hanse devcluster down {name}`")


@app.command()
def down(
    names: Annotated[list[str] | None, typer.Argument(help="The clusters' names.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All, also those that a running program owns.")] = False,
) -> None:
    """Take clusters away: those named; without names the default one and what programs that crashed have left."""
    chosen = [cluster.load(name) for name in names] if names is not None else cluster.every()
    for each in chosen:
        named = names is not None or everything or each.name == cluster.DEFAULT_NAME
        if not named and each.owner() != cluster.LEFT_OVER:
            typer.echo(f"{each.name}: left, it belongs to {each.owner()} (name it, or --all, to take it too)")
            continue
        each.down()
        typer.echo(f"{each.name}: gone")
    if not chosen:
        typer.echo("no cluster is there")


@app.command()
def status() -> None:
    """Show all clusters: who owns them, what runs, where."""
    table = Table("name", "owner", "API server", "parts", box=None, pad_edge=False)
    for each in cluster.every():
        try:
            url = each.url
        except (DevclusterError, ValueError):  # it has no control plane, or just comes up, or just goes
            url = "-"
        table.add_row(each.name, each.owner(), url, ", ".join(each.parts()) or "none")
    if table.row_count:
        Console(width=None if Console().is_terminal else 200).print(table)
    else:
        typer.echo("no cluster is there; start one with `hanse devcluster up`")


@app.command()
def kubeconfig(name: Name = cluster.DEFAULT_NAME) -> None:
    """Print the path of a cluster's kubeconfig: export KUBECONFIG=$(hanse devcluster kubeconfig)."""
    typer.echo(cluster.load(name).kubeconfig)


@app.command("nodes")
def nodes_(
    name: Name = cluster.DEFAULT_NAME,
    add: Annotated[
        list[str] | None, typer.Option(metavar="CLASS=NODESxGPUS", help="Add simulated nodes. May be repeated.")
    ] = None,
) -> None:
    """Show a cluster's nodes, after adding some."""
    running = cluster.load(name)
    for shape in [nodes.parse(text) for text in add or ()]:
        progress.say(f"{running.add_nodes(shape)} new nodes of {shape.accelerator_class}")
    labels = f"{nodes.CLASS_LABEL},{nodes.RACK_LABEL},{nodes.BLOCK_LABEL}"
    typer.echo(running.kubectl("get", "nodes", f"--label-columns={labels}").stdout, nl=False)


@app.command("image")
def image_() -> None:
    """Build the container image of Hanse as an OCI archive, and print its path."""
    typer.echo(image.build())
