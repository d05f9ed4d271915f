"""Programs that we start, and how they end when we are told to."""

import signal
import subprocess

from places import SETUP_LOG
from trouble import Trouble


def run(command: list, *, interactive: bool = False, **options) -> int:
    """A program's exit code. If we are to end, it may end in order first.

    :param interactive: Ctrl-C is the program's own business
    """
    process = subprocess.Popen(list(map(str, command)), **options)
    interrupted = False
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The terminal has told the program too.
            interrupted = True
        except SystemExit:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        else:
            break
    if interrupted and not interactive:
        raise KeyboardInterrupt
    return code


def set_up(command: list, what: str, **options) -> None:
    """Run a step of the set-up, whose output goes to a log.

    :raise Trouble: if it fails
    """
    with SETUP_LOG.open("a+") as log:
        begin = log.tell()
        done = subprocess.run(list(map(str, command)), stdout=log, stderr=subprocess.STDOUT, check=False, **options)
        log.seek(begin)
        errors = [line.strip() for line in log if line.startswith(("E:", "ERROR", "Error"))]
    if done.returncode:
        said = f" “{errors[-1]}”" if errors else ""
        raise Trouble(f"{what} failed: no network, or no space left?{said} The details are in {SETUP_LOG}.")
