"""The run on hardware needs a GPU, and is made when it is asked for, and never by chance."""


def pytest_collection_modifyitems(config, items):
    """Leave tests of real GPUs out, unless `-m` names them."""
    if "gpu" in config.option.markexpr:
        return
    theirs = [item for item in items if item.get_closest_marker("gpu")]
    config.hook.pytest_deselected(items=theirs)
    items[:] = [item for item in items if item not in theirs]
