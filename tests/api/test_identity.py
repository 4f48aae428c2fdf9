"""What the API server is not even asked."""

import pytest

from hanse.api.identity import Directory


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_would_lead_to_something_else_is_nobodys_and_nowhere(name):
    directory = Directory(None)
    assert directory.member_of_namespace(name) is None
    assert directory.job_uid("lab", name) is None
    assert directory.job_uid(name, "job") is None
