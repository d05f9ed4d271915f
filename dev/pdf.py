"""wkhtmltopdf, which prints Odoo's reports: Debian's package, unpacked into the runtime without root.

Debian's has no patched Qt: it leaves out headers and footers, and prints one document at a time.
"""

import re
import shutil
import subprocess
from pathlib import Path

from places import RUNTIME, locked
from processes import set_up
from source import apt
from trouble import Trouble, say

NAME = "wkhtmltopdf"
TREE = RUNTIME / NAME
# For the PATH, or Odoo's setting bin_path.
BIN = TREE / "wrapped"
# Libraries, plugins and fonts that the machine has not got lie beside the program.
WRAPPER = """\
#!/bin/sh
tree=$(dirname "$(dirname "$(readlink -f "$0")")")
export LD_LIBRARY_PATH="$tree/usr/lib/{architecture}:$tree/lib/{architecture}"
export QT_PLUGIN_PATH="$tree/usr/lib/{architecture}/qt5/plugins"
export FONTCONFIG_PATH="$tree/etc/fonts" XDG_DATA_HOME="$tree/usr/share"
exec "$tree/usr/bin/wkhtmltopdf" "$@"
"""


def ensure() -> str:
    """The program's path: the machine's own if there is one, otherwise the fetched one.

    :raise Trouble: if there is none and it cannot be fetched
    """
    with locked("pdf.lock", f"fetches {NAME}"):
        if not _find():
            _fetch()
    return _find()


def _find() -> str | None:
    return shutil.which(NAME) or shutil.which(NAME, path=BIN)


def _fetch() -> None:
    """An interrupted try leaves nothing behind."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Trouble(f"PDF reports need {NAME}, and there is no apt here to fetch it with: install it.")
    work = TREE.with_suffix(".unfinished")
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "debs", "tree"):
        (work / folder).mkdir(parents=True)
    say(f"Fetching {NAME} (26 MB, on a bare machine 91 MB)")
    command = apt(work, "lists")
    set_up([*command, "update"], f"Fetching {NAME}", cwd=work)
    set_up([*command, "download", *_missing_packages(command)], f"Fetching {NAME}", cwd=work / "debs")
    for package in sorted((work / "debs").glob("*.deb")):
        set_up(["dpkg", "-x", package, work / "tree"], f"Unpacking {NAME}")
    set_up([_wrap(work / "tree"), "--version"], f"Starting {NAME}")
    shutil.rmtree(TREE, ignore_errors=True)
    (work / "tree").rename(TREE)
    shutil.rmtree(work)


def _missing_packages(command: list[str]) -> list[str]:
    """What apt would install here: the package and those of its libraries that the machine has not got."""
    simulation = [*command, "--simulate", "--no-install-recommends", "install", NAME]
    done = subprocess.run(simulation, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:]
        raise Trouble("\n".join([f"PDF reports need {NAME}, and apt cannot get it here: install it.", *said]))
    return re.findall(r"^Inst (\S+)", done.stdout, re.MULTILINE)


def _wrap(tree: Path) -> Path:
    library = next(tree.glob("usr/lib/*/libQt5WebKit.so.5"))
    wrapper = tree / BIN.name / NAME
    wrapper.parent.mkdir()
    wrapper.write_text(WRAPPER.format(architecture=library.parent.name))
    wrapper.chmod(0o755)
    return wrapper
