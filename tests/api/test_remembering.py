"""What is remembered of a token, and for how long."""

import pytest

from hanse.api import remembering
from hanse.api.remembering import KEPT_SECONDS, Remembering


class Asked:
    """A question whose answers are counted, on a clock of its own."""

    def __init__(self):
        self.now, self.refused, self.tokens = 0.0, set(), []
        self.remembering = Remembering(self.question, lambda: self.now)

    def question(self, token):
        self.tokens.append(token)
        if token in self.refused:
            raise PermissionError(token)
        return token.upper()


def test_an_answer_is_good_for_a_while_and_asked_for_again_after_it():
    asked = Asked()
    for asked.now in (0.0, KEPT_SECONDS - 0.1, KEPT_SECONDS, 2 * KEPT_SECONDS - 0.1):
        assert ("A", "B") == (asked.remembering.ask("a"), asked.remembering.ask("b"))
    assert ["a", "b", "a", "b"] == asked.tokens


def test_a_token_that_is_revoked_is_refused_when_the_while_is_over_and_a_refusal_is_never_kept():
    asked = Asked()
    asked.remembering.ask("a")
    asked.refused.add("a")
    assert "A" == asked.remembering.ask("a")
    asked.now = KEPT_SECONDS
    for _ in range(2):
        with pytest.raises(PermissionError):
            asked.remembering.ask("a")
    asked.refused.clear()
    assert "A" == asked.remembering.ask("a")
    assert 4 == len(asked.tokens)


def test_no_more_are_kept_than_there_is_room_for_and_no_token_at_all(monkeypatch):
    monkeypatch.setattr(remembering, "KEPT_MAX", 3)
    asked = Asked()
    for number in range(5):
        asked.now = float(number)
        asked.remembering.ask(f"token-{number}")
    assert 3 == len(asked.remembering._kept)
    assert "token" not in repr(asked.remembering._kept.keys())
    asked.remembering.ask("token-4")
    assert 5 == len(asked.tokens)
    asked.now = 100.0
    asked.remembering.ask("another")
    assert 1 == len(asked.remembering._kept)
