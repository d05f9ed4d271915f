"""Clients that call a server without a pause while a test presses buttons."""

import threading
import time
from collections.abc import Callable

PATIENCE = 120


def wait_until(holds: Callable[[], object], what: str | Callable[[], str]) -> None:
    """:param what: told if it does not come to hold"""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"not in {PATIENCE} seconds: {what() if callable(what) else what}"
        time.sleep(0.005)


class Clients:
    """So many threads, for the length of a ``with`` block; a subclass says in ``_call`` what each of them does."""

    threads: int
    stopping = False

    def __enter__(self):
        self._running = [threading.Thread(target=self._call, args=(number,)) for number in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_exception):
        self.stopping = True
        for thread in self._running:
            thread.join()

    def _call(self, number: int) -> None:
        """Call until ``stopping``."""
        raise NotImplementedError
