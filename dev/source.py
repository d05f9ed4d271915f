"""Finds an Odoo 19, or fetches the Debian package without root and without any address of its own."""

import getpass
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from places import BYTECODE, FETCHED, RUNTIME
from processes import set_up
from trouble import Trouble, say

VERSION = (19, 0)
# odoo-19 leaves fonts and jQuery to other packages, as links that dangle when it is unpacked alone.
PACKAGES = (
    "odoo-19",
    "fonts-dejavu-core",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "gsfonts",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# From the machine's own suite: the newer one is only a redirection and leaves Odoo's icons dangling.
OWN_SUITE_PACKAGES = ("fonts-font-awesome",)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "sid"
# What Debian leaves out although Odoo's manifests name it: a prebuilt library that blurs the background of video calls.
# An empty file keeps the bundle of the whole web client from failing for it.
LEFT_OUT = "usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
# Changes with this recipe, so that an older runtime is made again.
STAMP = FETCHED / "done-2"


@dataclass(frozen=True)
class Source:
    """An Odoo: the folder to put on the Python path, the script to start, the folders of its addons."""

    python_path: Path
    script: Path
    addons: tuple[Path, ...]

    def environment(self) -> dict[str, str]:
        """Ours, with this Odoo to import; bytecode has its own folder, so that none lies in the checkout."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return kept | {"PYTHONPATH": str(self.python_path), "PYTHONPYCACHEPREFIX": str(BYTECODE)}


def find() -> Source:
    """The Odoo that ``ODOO_HOME`` names, or the fetched one.

    :raise Trouble: if there is none, or it is not 19.0
    """
    home = os.environ.get("ODOO_HOME")
    return at(Path(home).resolve() if home else FETCHED)


def is_there() -> bool:
    return bool(os.environ.get("ODOO_HOME")) or STAMP.exists()


def at(home: Path) -> Source:
    for folder in (home, home / "usr/lib/python3/dist-packages", *sorted(home.glob("lib/python3*/site-packages"))):
        if (folder / "odoo" / "release.py").is_file():
            break
    else:
        raise Trouble(f"There is no Odoo in {home}: set ODOO_HOME to an Odoo 19 source tree or install.")
    found = _version(folder / "odoo" / "release.py")
    if found != VERSION:
        raise Trouble(f"The Odoo in {home} is {'.'.join(map(str, found))}; this addon needs 19.0.")
    for script in (folder / "odoo-bin", home / "usr/bin/odoo", home / "bin/odoo"):
        if script.is_file():
            addons = tuple(path for path in (folder / "odoo/addons", folder / "addons") if path.is_dir())
            return Source(folder, script, addons)
    raise Trouble(f"The Odoo in {home} has no start script (odoo-bin, usr/bin/odoo or bin/odoo).")


def _version(release: Path) -> tuple[int, ...]:
    match = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", release.read_text(), re.MULTILINE)
    return tuple(map(int, match.groups())) if match else (0, 0)


def fetch() -> None:
    """Unpack Debian's package into the runtime; an interrupted try leaves nothing behind."""
    if is_there():
        return
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Trouble("There is no apt here to fetch Odoo with: set ODOO_HOME to an Odoo 19 source tree or install.")
    work = RUNTIME / "odoo.unfinished"
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "etc", "debs", "tree"):
        (work / folder).mkdir(parents=True)
    say("Fetching Odoo 19 (117 MB)")
    sid = _apt_of_sid(work)
    set_up([*sid, "update"], "Fetching Odoo 19", cwd=work)
    set_up([*sid, "download", *PACKAGES], "Fetching Odoo 19", cwd=work / "debs")
    _download_from_own_suite(work)
    say("Unpacking Odoo 19")
    for package in sorted((work / "debs").glob("*.deb")):
        set_up(["dpkg", "-x", package, work / "tree"], "Unpacking Odoo 19")
    gap = work / "tree" / LEFT_OUT
    if not gap.exists():
        gap.parent.mkdir(parents=True, exist_ok=True)
        gap.write_text("// Not part of Debian's package.\n")
    (work / "tree" / STAMP.name).touch()
    if FETCHED.exists():
        FETCHED.rename(work / "outdated")
    (work / "tree").rename(FETCHED)
    shutil.rmtree(work)


def _apt_of_sid(work: Path) -> list[str]:
    """apt with folders of its own, for the machine's own repository at the suite that has Odoo 19."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=False
    ).stdout.split()
    debian = next((uri for uri in targets if uri.rstrip("/").endswith("/debian")), None)
    if not debian:
        raise Trouble("apt knows no Debian repository here: set ODOO_HOME to an Odoo 19 source tree or install.")
    sources = work / "etc" / "sid.sources"
    sources.write_text(f"Types: deb\nURIs: {debian}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEYRING}\n")
    return apt(work, "lists", f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=-")


def _download_from_own_suite(work: Path) -> None:
    (work / "own-lists" / "partial").mkdir(parents=True)
    own = apt(work, "own-lists")
    set_up([*own, "update"], "Fetching Odoo 19", cwd=work)
    set_up([*own, "download", *OWN_SUITE_PACKAGES], "Fetching fonts", cwd=work / "debs")


def apt(work: Path, lists: str, *settings: str) -> list[str]:
    """apt-get that leaves the machine's own lists and caches alone, and so needs no root."""
    settings = (
        f"Dir::State::Lists={work / lists}",
        f"Dir::Cache={work / 'cache'}",
        f"APT::Sandbox::User={getpass.getuser()}",
        *settings,
    )
    return ["apt-get", "-q", *(f"-o{setting}" for setting in settings)]
