"""The line of a slot in an export, taken apart without encoding anything again: most of an export is these lines.

In: a line, canonical JSON as it is, and what was decoded from it. Out: its row with the slot's own bytes, which were
signed, and the bytes that its leaf commits to. Both are stretches of the line: its keys are in order, `body` first, and
a quotation mark within a text is escaped, so that `,"leaf":` can be nothing but the key.
"""

from hanse.evidence import slots
from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields
from hanse.ledger import leaves, rows

KIND = "slots"
_BODY, _LEAF, _MEMBER = b'{"body":', b',"leaf":', b',"member":'


def read(where: str, data: bytes, line: Json) -> tuple[rows.Metered, bytes]:
    """Return the row that a line says, and what its leaf commits to.

    Raises:
        ValueError: it is no line of a slot.

    """
    fields = Fields(line, KIND)
    slot = slots.read(fields.value("body"))
    whose, signature = fields.text("member"), fields.octets("signature")
    index = fields.value(leaves.LEAF) if fields.has(leaves.LEAF) else None
    salt = fields.value(leaves.SALT) if fields.has(leaves.SALT) else None
    stamp = rows.stamp(fields)
    fields.done()
    end = data.find(_MEMBER if index is None else _LEAF)
    if not data.startswith(_BODY) or end < 0:
        raise EvidenceError("slots: the body does not come first")
    rest = data[end:]
    # What only an export says of the row: neither is in what the leaf commits to.
    if isinstance(index, int):
        rest = rest.replace(b"%b%d" % (_LEAF, index), b"", 1)
    if isinstance(salt, str):
        rest = rest.replace(b',"salt":"%b"' % salt.encode(), b"", 1)
    row = rows.Metered(where, *stamp, slot, whose, data[len(_BODY) : end], signature)
    return row, b'{"file":"slots","row":%b%b}' % (data[:end], rest)
