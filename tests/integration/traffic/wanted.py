# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wanted paths, and the source address that the server must see: the client's own wherever possible.

Published ports are tried from everywhere at every address of the host; where a port is not published, nobody answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.integration.traffic.siege import ADDRESSES, BRIDGE_OF, SECOND, Siege
from tests.lab.traffic import Answer

#: Seconds to wait for an answer: if one must come, and if none may.
ANSWER_SECONDS, SILENCE_SECONDS = 5.0, 0.4
CLIENTS = ("lan", "outside", "host", "web", "db", "app", "t1")


@dataclass(frozen=True)
class Path:
    """A question, and the source address that the server must see; None if nobody may answer."""

    client: str
    protocol: str
    address: str
    port: int
    server: str
    seen: str | None
    source: str = ""

    def __str__(self) -> str:
        source = f" from {self.source}" if self.source else ""
        return f"{self.client} to {self.address} {self.port}/{self.protocol}{source}"


@dataclass(frozen=True)
class Port:
    """A host port that leads to an endpoint, at these addresses of the host or at all."""

    number: int
    protocol: str
    to_port: int
    only: tuple[str, ...] = ()
    server: str = "web"

    def leads(self, address: str) -> bool:
        return address in self.only if self.only else address != "::1"


_V4 = ("192.0.2.1", SECOND, "172.18.0.1", "172.19.0.1")
_V6 = ("2001:db8::1", "fd00:18::1", "fd00:19::1")
_HERE = ("127.0.0.1", "127.0.0.5")
WEB_PORTS = (
    Port(8080, "tcp", 80),
    Port(53, "udp", 53),
    *(Port(8081, protocol, 81, ("127.0.0.1",)) for protocol in ("tcp", "udp")),
    *(Port(8082, protocol, 81, ("127.0.0.5",)) for protocol in ("tcp", "udp")),
    Port(8083, "tcp", 80, (SECOND,)),
    Port(8083, "udp", 53, (SECOND,)),
    Port(8084, "tcp", 80, ("2001:db8::1",)),
    Port(8084, "udp", 53, ("2001:db8::1",)),
    *(Port(number, protocol, number + 100) for number in (7000, 7003) for protocol in ("tcp", "udp")),
    Port(7004, "tcp", 0, ("nowhere",)),
)


def published() -> Iterator[Path]:
    """Every client, every address, every port."""
    for client in CLIENTS:
        for address in (*_V4, *_V6, *(_HERE if client == "host" else ())):
            if client == "outside" and address not in (*ADDRESSES["host"], SECOND):
                continue  # the world has no route to the others
            for port in WEB_PORTS:
                seen = _seen(client, address, "web") if port.leads(address) else None
                yield Path(client, port.protocol, address, port.number, port.server, seen)


def _seen(client: str, address: str, server: str) -> str:
    """The source address of what reaches an endpoint through the host's address.

    The host itself uses the address that it connects to, or the first one of a subnet with two; with the gateway
    address of another network, it counts as part of that network.
    """
    version = ":" in address
    if client in ("lan", "outside"):
        return ADDRESSES["router" if client == "outside" else client][version]
    if client == "host" and address in (*ADDRESSES["host"], SECOND):
        return ADDRESSES["host"][version]
    return ADDRESSES[BRIDGE_OF[server]][version]


def isolated(bridge_nf: int) -> Iterator[Path]:
    """What is published without icc. With bridge-nf, endpoints cannot use their own ports, which no rule can change."""
    for protocol in ("tcp", "udp"):
        for address in ADDRESSES["host"]:
            for client in ("lan", "host", "app", "db", "t1", "t2"):
                lost = bridge_nf and client in ("t1", "t2")
                seen = None if lost else _seen(client, address, "t1")
                yield Path(client, protocol, address, 8090, "t1", seen)
        yield Path("host", protocol, "127.0.0.1", 8090, "t1", ADDRESSES["br3"][0])


def others() -> Iterator[Path]:
    """Paths to the world, between neighbours, and from the host itself."""
    for protocol, port in (("tcp", 80), ("udp", 53)):
        for version in (0, 1):
            own = ADDRESSES["host"][version]
            for client in ("web", "app", "t2"):
                for target in ("outside", "lan"):
                    yield Path(client, protocol, ADDRESSES[target][version], port, target, own)
            for client, server in (("db", "web"), ("web", "db"), ("in1", "in2")):
                yield Path(client, protocol, ADDRESSES[server][version], port, server, ADDRESSES[client][version])
            for server in ("web", "app", "in1", "t1"):
                gateway = ADDRESSES[BRIDGE_OF[server]][version]
                yield Path("host", protocol, ADDRESSES[server][version], port, server, gateway)
            world = ADDRESSES["outside"][version]
            source = f"[{world}]:0" if version else world
            known = {"tcp": 8080, "udp": 53}[protocol]
            yield Path("outside", protocol, own, known, "web", world, source)


def all_paths(bridge_nf: int) -> list[Path]:
    return [*published(), *isolated(bridge_nf), *others()]


def found(siege: Siege, paths: list[Path], patience: float = ANSWER_SECONDS) -> dict[str, str]:
    """What is not as wanted, as "seen, not wanted" by path. All clients ask at once.

    patience: the seconds to wait for an answer that should come
    """
    groups = [
        [path for path in paths if (path.client, bool(path.seen)) == kind]
        for kind in dict.fromkeys((path.client, bool(path.seen)) for path in paths)
    ]
    with ThreadPoolExecutor(len(groups)) as pool:
        wrong = list(pool.map(lambda group: _wrong(siege, group, patience), groups))
    return {path: text for group in wrong for path, text in group.items()}


def _wrong(siege: Siege, paths: list[Path], patience: float) -> dict[str, str]:
    """Of paths of one client that must all be answered, or must all not be."""
    questions = [(path.protocol, path.address, path.port, path.source) for path in paths]
    answers = siege.ask(paths[0].client, questions, patience if paths[0].seen else SILENCE_SECONDS)
    told = [(path, _told(answer)) for path, answer in zip(paths, answers, strict=True)]
    return {str(path): f"{text}, not {_expected(path)}" for path, text in told if text != _expected(path)}


def _told(answer: Answer | None) -> str:
    return f"{answer.peer} at {answer.local}" if answer else "nobody"


def _expected(path: Path) -> str:
    return f"{path.seen} at {ADDRESSES[path.server][':' in path.address]}" if path.seen else "nobody"
