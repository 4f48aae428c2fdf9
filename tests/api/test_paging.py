"""Cursors that nobody was given: each is refused as one, whatever is in it."""

import base64

import pytest

from hanse.api import paging
from hanse.api.problems import InvalidError


@pytest.mark.parametrize("inside", ["[" * 1500, "[true]", '["\\ud800", "a"]', "[1.5]", "{}", "[1", "9" * 1500])
def test_a_forged_cursor_is_refused_as_none_of_the_list(inside):
    cursor = base64.urlsafe_b64encode(inside.encode()).decode()
    with pytest.raises(InvalidError, match="send `next` of the page before as it is"):
        paging.read(cursor)
