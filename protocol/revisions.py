"""The revisions of the specification that this server speaks, and the two eras they fall into."""

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
SUPPORTED = (MODERN, *LEGACY)

MODERN_ERA, LEGACY_ERA = "modern", "legacy"
# Without the header a legacy server assumes this one (2025-11-25, basic/transports).
ASSUMED = "2025-03-26"


def era_of(header: str | None, meta_version: object) -> str:
    """The era of a request, from its ``MCP-Protocol-Version`` header and the revision in its ``_meta``.

    A legacy revision in the header, or none at all, is legacy; whatever else is modern, and so is a request that names
    its revision in ``_meta`` only. A client that does not know the newest revision never lands in the modern era.
    """
    if header is None:
        return LEGACY_ERA if meta_version is None else MODERN_ERA
    return LEGACY_ERA if header in LEGACY else MODERN_ERA


def negotiate(requested: object) -> str:
    """The revision that answers ``initialize``: the one asked for, or our newest that knows ``initialize``."""
    return requested if requested in LEGACY else LEGACY[0]
