"""Members and rates in the ledger, as the alliance's objects declare them.

In: Members, AcceleratorClasses and PriorityTiers of the world. Out: the ledger's rows of them, written when they
changed: a member must be known there before anything is decided for it, and a charge names the version of its rates.
"""

import base64

import structlog
from sqlalchemy import Engine

from hanse.ledger import errors, registry
from hanse.operator.world import World

_log = structlog.get_logger(__name__)


class Register:
    """What this leader has declared already."""

    def __init__(self, engine: Engine, term: int) -> None:
        self._engine, self._term = engine, term
        self._declared: set[tuple[str, ...]] = set()

    def sync(self, world: World) -> None:
        """Declare what is new. A member that the ledger contradicts stays as it is there, and is logged.

        Raises:
            StaleTermError: another leader has taken over.

        """
        for name, member in world.named("Member").items():
            key = member.spec.keys.verify
            if ("member", name, key) not in self._declared:
                self._register(name, base64.b64decode(key))
                self._declared.add(("member", name, key))
        for name, accelerator in world.named("AcceleratorClass").items():
            for precision, worth in accelerator.spec.h100_equivalent.items():
                if ("class", name, precision, str(worth)) not in self._declared:
                    registry.publish_class_rate(self._engine, name, str(precision), worth, term=self._term)
                    self._declared.add(("class", name, precision, str(worth)))
        for name, tier in world.named("PriorityTier").items():
            factor = tier.spec.usage_factor_thousandths
            if ("tier", name, str(factor)) not in self._declared:
                registry.publish_tier_rate(self._engine, name, factor, term=self._term)
                self._declared.add(("tier", name, str(factor)))

    def _register(self, name: str, key: bytes) -> None:
        try:
            registry.register_member(self._engine, name, login=None, verify_key=key, term=self._term)
        except errors.ContradictionError:
            # It has a login of its own already; who set that up has registered its key too.
            _log.info("member_registered_before", member=name)
