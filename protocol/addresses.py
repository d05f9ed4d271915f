"""Rules about where calls may come from: addresses and networks, one a line, with comments."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_MAPPED = IPv6Network("::ffff:0:0/96")
# What one household or office has of IPv6 (RFC 6177 §2): who has one address of it has them all.
_IPV6_SITE = 64


class InvalidRule(ValueError):
    """A line that is no address and no network."""

    def __init__(self, number: int, line: str):
        super().__init__(f"Line {number}: {line}")
        self.number, self.line = number, line


@lru_cache(maxsize=1024)
def parse(rules: str) -> tuple[Network, ...]:
    """The networks of ``rules``: an address or a network in CIDR notation a line; ``#`` begins a comment.

    IPv4 addresses that are written as IPv6 (RFC 4291 §2.5.5.2) are taken for what they are.

    :raise InvalidRule: names the first line that is wrong
    """
    networks = []
    for number, line in enumerate(rules.splitlines(), start=1):
        if text := line.partition("#")[0].strip():
            try:
                networks.append(_unmapped(ip_network(text)))
            except ValueError:
                raise InvalidRule(number, text) from None
    return tuple(networks)


def permits(allowed: str | None, blocked: str | None, address: str | None) -> bool:
    """Whether ``address`` is one of ``allowed``, if there are any rules, and none of ``blocked``, which wins."""
    inside, outside = parse(allowed or ""), parse(blocked or "")
    if not inside and not outside:
        return True
    ip = canonical(address)
    if ip is None:
        return False
    return not _is_in(ip, outside) and (not inside or _is_in(ip, inside))


def canonical(address: str | None) -> IPv4Address | IPv6Address | None:
    """The address as a connection has it, without the scope of a link; None if it is none."""
    try:
        ip = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def site(address: str | None) -> str:
    """What stands for everyone who has ``address``: itself, and of IPv6 its /64."""
    ip = canonical(address)
    if ip is None:
        return "unknown"
    return str(ip_network((ip, _IPV6_SITE), strict=False)) if ip.version == 6 else str(ip)


def _is_in(ip: IPv4Address | IPv6Address, networks: tuple[Network, ...]) -> bool:
    return any(ip.version == network.version and ip in network for network in networks)


def _unmapped(network: Network) -> Network:
    if network.version == 6 and network.subnet_of(_MAPPED):
        return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - _MAPPED.prefixlen))
    return network
