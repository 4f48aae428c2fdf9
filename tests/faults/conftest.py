"""The matrix of faults takes most of an hour: it is played when it is asked for, and never by chance."""


def pytest_collection_modifyitems(config, items):
    if "faults" in config.option.markexpr:
        return
    matrix = [item for item in items if item.get_closest_marker("faults")]
    if matrix:
        config.hook.pytest_deselected(items=matrix)
        items[:] = [item for item in items if item not in matrix]
