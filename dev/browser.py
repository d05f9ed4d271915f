"""Chromium, which only the tours and the screenshots need, and the one thing that is installed globally."""

import os
import shutil
import subprocess

from places import SETUP_LOG
from trouble import Trouble, say

NAMES = ("chromium", "chromium-browser", "google-chrome")


def ensure() -> str:
    """The browser's path.

    :raise Trouble: if there is none and it cannot be installed: a ring that cannot run has failed
    """
    if found := _find():
        return found
    if os.geteuid() or not shutil.which("apt-get"):
        raise Trouble("The browser tests need Chromium: install the package chromium.")
    say("Installing Chromium")
    with SETUP_LOG.open("a") as log:
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(
                ["apt-get", "-oDPkg::Lock::Timeout=300", *command],
                stdout=log,
                stderr=log,
                check=False,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            )
    if found := _find():
        return found
    raise Trouble(f"Chromium could not be installed. The details are in {SETUP_LOG}.")


def _find() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)
