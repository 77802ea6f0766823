# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``floor.py build|add|move|remove COUNT``: only the system calls that the network cannot do without.

One process, the messages of a namespace in one write, and only the last answer read. Names, addresses and ports are
those of expert.sh. Apart from a little Python, its time is that of the kernel.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import socket
import struct
import subprocess
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEW_NET, _BIND = 0x40000000, 4096
_NEWLINK, _DELLINK, _NEWADDR, _NEWROUTE = 16, 17, 20, 24
_REQUEST, _ACK, _CREATE = 0x1, 0x4, 0x600
_UP = 1
_IFNAME, _MASTER, _LINKINFO, _NETNS_FD = 3, 10, 18, 28
_KIND, _DATA, _PEER = 1, 2, 1
_SUBNET = ipaddress.IPv4Network("172.18.0.0/16")
_GATEWAY = _SUBNET[1].packed


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def name(text: str) -> bytes:
    return attribute(_IFNAME, text.encode() + b"\0")


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, _REQUEST | flags, 0, 0) + body


def link(index: int = 0, flags: int = 0) -> bytes:
    return struct.pack("=BxHiII", 0, 0, index, flags, flags)


def send(messages: list[bytes]) -> None:
    """Send all messages in one write. The last one is acknowledged, or answered with the first error."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        last = bytearray(messages[-1])
        struct.pack_into("=H", last, 6, struct.unpack_from("=H", last, 6)[0] | _ACK)
        netlink.send(b"".join([*messages[:-1], bytes(last)]))
        code = struct.unpack_from("=i", netlink.recv(65536), 16)[0]
        if code:
            raise OSError(-code, os.strerror(-code))


def veth(host_end: str, target: int, bridge: int) -> bytes:
    peer = attribute(_PEER, link() + name("eth0") + number(_NETNS_FD, target))
    info = attribute(_LINKINFO, attribute(_KIND, b"veth\0") + attribute(_DATA, peer))
    return message(_NEWLINK, link(flags=_UP) + name(host_end) + number(_MASTER, bridge) + info, _CREATE)


def inside(address: bytes) -> list[bytes]:
    """`lo` is the first interface of a new namespace, eth0 the second."""
    own = attribute(1, address) + attribute(2, address)
    route = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 4, 0, 1, 0)
    return [
        message(_NEWLINK, link(1, _UP)),
        message(_NEWLINK, link(2, _UP)),
        message(_NEWADDR, struct.pack("=BBBBi", socket.AF_INET, 16, 0, 0, 2) + own, _CREATE),
        message(_NEWROUTE, route + attribute(5, _GATEWAY) + number(4, 2), _CREATE),
    ]


def endpoints(first: int, last: int) -> None:
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    bridge = socket.if_nametoindex("br0")
    for n in range(first, last + 1):
        path = f"/run/netns/e{n}"
        os.close(os.open(path, os.O_CREAT))
        _LIBC.unshare(_NEW_NET)
        _LIBC.mount(b"/proc/self/ns/net", path.encode(), None, _BIND, None)
        target = os.open(path, os.O_RDONLY)
        _LIBC.setns(home, _NEW_NET)
        send([veth(f"v{n}", target, bridge)])
        _LIBC.setns(target, _NEW_NET)
        send(inside(_SUBNET[n + 1].packed))
        _LIBC.setns(home, _NEW_NET)
        os.close(target)


def restore(*lines: str) -> None:
    subprocess.run(["iptables-restore", "--noflush"], input="\n".join([*lines, ""]), text=True, check=True)


def ports(first: int, last: int) -> list[str]:
    to = "-A PUBLISHED -p tcp -m tcp --dport {} -j DNAT --to-destination {}:80"
    return [to.format(10000 + n, _SUBNET[n + 1]) for n in range(first, last + 1)]


def build(count: int) -> None:
    info = attribute(_LINKINFO, attribute(_KIND, b"bridge\0"))
    send([message(_NEWLINK, link(flags=_UP) + name("br0") + info, _CREATE)])
    own = attribute(1, _GATEWAY) + attribute(2, _GATEWAY)
    index = socket.if_nametoindex("br0")
    send([message(_NEWADDR, struct.pack("=BBBBi", socket.AF_INET, 16, 0, 0, index) + own, _CREATE)])
    restore(
        "*filter",
        "-A FORWARD -o br0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -o br0 -m conntrack --ctstate DNAT -j ACCEPT",
        "-A FORWARD -o br0 -j DROP",
        "-A FORWARD -i br0 -j ACCEPT",
        "COMMIT",
        "*nat",
        ":PUBLISHED -",
        "-A PREROUTING -m addrtype --dst-type LOCAL -j PUBLISHED",
        "-A OUTPUT -m addrtype --dst-type LOCAL -j PUBLISHED",
        "-A POSTROUTING -s 172.18.0.0/16 ! -o br0 -j MASQUERADE",
        *ports(1, count),
        "COMMIT",
    )
    endpoints(1, count)
    with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as switch:
        switch.write("1")


def add(count: int) -> None:
    restore("*nat", *ports(count + 1, count + 1), "COMMIT")
    endpoints(count + 1, count + 1)


def move(_count: int) -> None:
    restore("*nat", f"-R PUBLISHED 1 -p tcp -m tcp --dport 9999 -j DNAT --to-destination {_SUBNET[2]}:80", "COMMIT")


def remove(count: int) -> None:
    for n in range(1, count + 2):
        _LIBC.umount2(f"/run/netns/e{n}".encode(), 2)
        os.unlink(f"/run/netns/e{n}")
    send([message(_DELLINK, link(socket.if_nametoindex("br0")))])
    restore("*filter", ":FORWARD ACCEPT", "-F FORWARD", "COMMIT", "*nat", "-F", "-X PUBLISHED", "COMMIT")


if __name__ == "__main__":
    {"build": build, "add": add, "move": move, "remove": remove}[sys.argv[1]](int(sys.argv[2]))
