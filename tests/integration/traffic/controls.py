# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops the attacks, and how to remove each part of it temporarily: the control of an attack that failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """Shell commands that remove a protection, and those that undo what applying ``bridges`` does not restore."""

    take: str
    undo: str = ""
    bridges: tuple[str, ...] = ("br0",)
    #: The same where nftables alone has the rules; those of iptables are not there.
    native: Control | None = None

    def of(self, firewall: str) -> Control:
        """That of hosts with this firewall."""
        return self.native if self.native and firewall == "nftables" else self


def _both(*commands: str) -> str:
    return "\n".join(f"{program} {command}" for program in ("iptables", "ip6tables") for command in commands)


def _flushed(*chains: str) -> str:
    return "\n".join(f"nft flush chain inet linuxnet {chain}" for chain in chains)


_FORWARD = ("-F FORWARD", "-t mangle -F FORWARD", "-t mangle -F PREROUTING")
_RAW = "-t raw -F PREROUTING"
#: The second line of defence behind raw.
_INPUT = "\niptables -t mangle -F INPUT"
_NAT = "-t nat -F POSTROUTING"
#: The role's rp_filter=2 on bridges stops sources in 127.0.0.0/8 as well.
_NO_FILTER = "".join(f"\necho 0 > /proc/sys/net/ipv4/conf/{name}/rp_filter" for name in ("all", "br0", "br1"))
_BROADCASTS = "".join(f"\necho {{0}} > /proc/sys/net/ipv4/conf/{name}/bc_forwarding" for name in ("all", "eth0"))
_LOCALNET = "\necho {1} > /proc/sys/net/ipv4/conf/{0}/route_localnet"
_TO_WEB = "iptables -t nat {1} PREROUTING -p {0} --dport 8081 -d 192.0.2.1 -j DNAT --to-destination 172.18.0.2:81"
_TO_LOOPBACK = "iptables -t nat {1} PREROUTING -j LINUXNET-DNAT-LOOPBACK"
_LOOPBACKS = (("tcp", _TO_WEB), ("udp", _TO_WEB), ("", _TO_LOOPBACK))
_HIJACKS = [
    f"{program} -t nat {{}} PREROUTING -p udp --dport 53 -j LINUXNET-DNAT" for program in ("iptables", "ip6tables")
]
#: What keeps 127.x in nftables, and what decides about who is forwarded.
_NATIVE_RAW = _flushed("raw-prerouting", "input")
_NATIVE_FORWARD = _flushed("forward", "prerouting")
_NATIVE_HIJACK = "nft insert rule inet linuxnet nat-prerouting udp dport 53 jump published"
_NATIVE_LOOPBACK = "nft insert rule inet linuxnet nat-prerouting jump published"
_NATIVE_TO_WEB = (
    "nft insert rule inet linuxnet nat-prerouting {} dport 8081 ip daddr 192.0.2.1 dnat ip to 172.18.0.2:81"
)
_NOT_ISOLATED = "bridge link set dev vt1 isolated off\nbridge link set dev vt2 isolated off"
CONTROLS = {
    "forward": Control(_both(*_FORWARD), native=Control(_NATIVE_FORWARD)),
    "raw": Control(
        _both(_RAW) + _INPUT + _NO_FILTER,
        "",
        ("br0", "br1", "br2"),
        Control(_NATIVE_RAW + _NO_FILTER, "", ("br0", "br1", "br2")),
    ),
    "raw and forward": Control(
        _both(_RAW, *_FORWARD) + _INPUT + _NO_FILTER + _LOCALNET.format("br1", 1),
        _LOCALNET.format("br1", 0),
        ("br0", "br1", "br2"),
        Control(
            f"{_NATIVE_RAW}\n{_NATIVE_FORWARD}" + _NO_FILTER + _LOCALNET.format("br1", 1),
            _LOCALNET.format("br1", 0),
            ("br0", "br1", "br2"),
        ),
    ),
    "broadcast": Control(
        _both(*_FORWARD) + _BROADCASTS.format(1),
        _BROADCASTS.format(0),
        native=Control(_NATIVE_FORWARD + _BROADCASTS.format(1), _BROADCASTS.format(0)),
    ),
    "nat": Control(_both(_NAT), native=Control(_flushed("nat-hairpin", "nat-postrouting"))),
    "nat and forward": Control(
        _both(_NAT, *_FORWARD), native=Control(_flushed("nat-hairpin", "nat-postrouting", "forward", "prerouting"))
    ),
    "loopback": Control(
        _both(*_FORWARD)
        + _LOCALNET.format("all", 1)
        + "".join(f"\n{line.format(kind, '-I')}" for kind, line in _LOOPBACKS),
        _LOCALNET.format("all", 0) + "".join(f"\n{line.format(kind, '-D')}" for kind, line in _LOOPBACKS),
        native=Control(
            _NATIVE_FORWARD
            + _LOCALNET.format("all", 1)
            + "".join(f"\n{line}" for line in (_NATIVE_LOOPBACK, *map(_NATIVE_TO_WEB.format, ("tcp", "udp")))),
            _LOCALNET.format("all", 0),
        ),
    ),
    "isolated": Control(
        _NOT_ISOLATED,
        "",
        ("br3",),
        # Shown what the bridge carries, nftables drops it, isolated or not.
        Control(f"{_NOT_ISOLATED}\n{_NATIVE_FORWARD}", "", ("br0", "br3")),
    ),
    "addrtype": Control(
        "\n".join(_HIJACKS).replace("{}", "-I"),
        "\n".join(_HIJACKS).replace("{}", "-D"),
        (),
        Control(_NATIVE_HIJACK),
    ),
}
