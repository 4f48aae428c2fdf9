import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.devcluster import kwok, nodes
from hanse.devcluster.errors import DevclusterError


def test_a_shape_is_read():
    assert nodes.parse("h100-80g=4x8") == nodes.Shape("h100-80g", count=4, gpus=8)


OUT_OF_FORM = ["", "h100", "h100=4", "=4x8", "h100=x8", "h100=4x", "H100=4x8", "h100=4 x 8"]
OUT_OF_BOUNDS = ["h100=0x8", "h100=-1x8", "h100=4x65", "h100=999999x8"]


@pytest.mark.parametrize("text", [*OUT_OF_FORM, *OUT_OF_BOUNDS])
def test_what_is_no_shape_is_refused_with_its_text(text):
    with pytest.raises(DevclusterError, match="nodes"):
        nodes.parse(text)


@given(count=st.integers(1, 200), gpus=st.integers(0, 16))
def test_a_shape_gives_as_many_distinct_simulated_nodes_as_it_says(count, gpus):
    made = list(nodes.manifests(nodes.Shape("h100-80g", count, gpus)))
    assert count == len({node["metadata"]["name"] for node in made})
    assert all(node["metadata"]["labels"][kwok.SIMULATED] == "true" for node in made)
    assert all(node["status"]["capacity"].get("nvidia.com/gpu", "0") == str(gpus) for node in made)


@pytest.mark.parametrize(
    ("accelerator_class", "resource"),
    [
        ("h100-80g", "nvidia.com/gpu"),
        ("b200", "nvidia.com/gpu"),
        ("ascend-910b", "huawei.com/Ascend910"),
        ("biren-br100", "birentech.com/gpu"),
    ],
)
def test_each_vendor_has_its_own_resource(accelerator_class, resource):
    assert nodes.Shape(accelerator_class, 1, 8).resource == resource


def test_racks_and_blocks_are_filled_in_order():
    made = list(nodes.manifests(nodes.Shape("h100-80g", count=9, gpus=8, nodes_per_rack=2, racks_per_block=2)))
    racks = [node["metadata"]["labels"][nodes.RACK_LABEL] for node in made]
    blocks = [node["metadata"]["labels"][nodes.BLOCK_LABEL] for node in made]
    assert ["rack-0000"] * 2 + ["rack-0001"] * 2 + ["rack-0002"] * 2 + ["rack-0003"] * 2 + ["rack-0004"] == racks
    assert ["block-0000"] * 4 + ["block-0001"] * 4 + ["block-0002"] == blocks
