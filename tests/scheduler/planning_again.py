"""Plans again, in whatever Python runs it, for each frame on standard input; says what came out.

In: a key frame a line, as hexadecimal. Out: a line for each: the state's digest, the plan's, and the code's. It needs
numpy and the source roots of the planner, and nothing that only the tests' own Python has.
"""

import sys

from hanse.scheduler import code_digest, frames, plan, state_digest

for line in sys.stdin:
    reader = frames.Reader()
    reader.take(bytes.fromhex(line))
    snapshot = reader.snapshot()
    print(state_digest(snapshot).hex(), plan(snapshot).digest(), code_digest().hex())  # noqa: T201  # its answer
