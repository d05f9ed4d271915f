"""What a newcomer can run into, said in one sentence; and progress while something takes long."""

import sys
import time

_start = time.monotonic()


class Trouble(Exception):
    """Ends the command with its text and no traceback."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - _start:5.0f} s] {text}", file=sys.stderr, flush=True)
