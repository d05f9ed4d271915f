"""The three scopes, each of which contains the one before (DESIGN §5), and the resource that they are of."""

from urllib.parse import urlsplit

SCOPES = ("mcp:read", "mcp:write", "mcp:execute")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def granted(level: str | None) -> str:
    """The scope of OAuth that stands for a level of ours, with all that it contains.

    :param level: ``read``, ``write``, ``execute``; ``custom`` is a list of tools, which limits by itself. Anything else
        is as little as there is.
    """
    name = "mcp:execute" if level == "custom" else f"mcp:{level}"
    return _up_to(SCOPES.index(name) if name in SCOPES else 0)


def level_of(scope: str | None) -> str:
    """The level of ours that a scope of OAuth stands for: the highest of its names that are known, ``read`` if none."""
    return SCOPES[max(_highest(scope), 0)].removeprefix("mcp:")


def normalise(scope: str | None) -> str:
    """``scope`` with all that its scopes contain, in order, without those that are not known; may be empty."""
    return _up_to(_highest(scope))


def narrow(asked: str | None, held: str) -> str:
    """What is granted to someone who asks for ``asked`` where ``held`` is the most that there is.

    Names that are not known, such as ``offline_access``, are passed over (RFC 6749 §3.3); who names nothing else gets
    what there is, as does who names nothing.
    """
    wanted, most = _highest(asked), _highest(held)
    return _up_to(most if wanted < 0 else min(wanted, most))


def is_same_resource(named: str, resource: str) -> bool:
    """Whether ``named`` means the resource: scheme and host in any case, with its own port or a slash at the end.

    :param resource: the canonical address
    """
    canonical = _canonical(named)
    return canonical is not None and canonical == _canonical(resource)


def _highest(scope: str | None) -> int:
    names = (scope or "").split()
    return max((number for number, name in enumerate(SCOPES) if name in names), default=-1)


def _up_to(number: int) -> str:
    return " ".join(SCOPES[: number + 1])


def _canonical(uri: str) -> tuple | None:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    # urlsplit drops what it does not like: compare only what it left as it was (RFC 8707 §2: and no fragment).
    if parts.geturl().lower() != uri.lower() or "#" in uri or "?" in uri or "@" in parts.netloc:
        return None
    port = None if port == _DEFAULT_PORTS.get(parts.scheme) else port
    return parts.scheme, parts.hostname, port, parts.path.removesuffix("/")
