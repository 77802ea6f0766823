# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""make demo: the collection at work on a throw-away host made of namespaces."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.demo.screen import Screen
from tests.lab import town
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import REPOSITORY
from tests.lab.playbooks import Run

PLAYBOOK = Path(__file__).with_name("shop.yml")
ABSENT = {"bridge_network_state": "absent"}

DAMAGE = """\
iptables -t nat -F
ip -n db address delete 172.18.0.10/16 dev eth0
"""

TOPOLOGY = """
 web eth0 172.18.0.2 --+                              +-- neighbour 192.0.2.9
                       +-- br-shop     host     eth0 -+
 db eth0 172.18.0.10 --+   172.18.0.1      192.0.2.1  +-- router 192.0.2.254 -- 198.51.100.1
"""


def apply(screen: Screen, host: Host, check: bool = False, variables: dict[str, str] | None = None) -> Run:
    """Run the playbook on the host, and show the command and its effects."""
    options = " --check --diff" if check else ""
    extra = "".join(f" --extra-vars {key}={value}" for key, value in (variables or {}).items())
    screen.command(f"ansible-playbook shop.yml{options}{extra}")
    start = time.monotonic()
    run = host.playbook(PLAYBOOK, check=check, variables=variables or {})
    for task in run.changed:
        screen.output(f"changed: {task.name.split(' : ')[-1]}")
    screen.output(f"{recap(run)}, {time.monotonic() - start:.0f} s")
    return run


def recap(run: Run) -> str:
    ok = sum(task.status == "ok" for task in run.tasks)
    return f"ok={ok} changed={len(run.changed)} failed={len(run.failed)}"


def show_diff(screen: Screen, run: Run) -> None:
    """Show what is not as it should be: everything about a missing object, otherwise the attributes that differ."""
    for diff in run.diffs:
        before, after = diff["before"], diff["after"]
        screen.output(diff["after_header"])
        for key in after if before else ():
            gone, new = _items(before.get(key)), _items(after[key])
            screen.output("\n".join(f"- {key}: {item}" for item in gone if item not in new))
            screen.output("\n".join(f"+ {key}: {item}" for item in new if item not in gone))
        if not before:
            screen.output(f"+ {_short(after) or 'all of it'}")


def _items(value: object) -> list[str]:
    return [_short(item) for item in (value if isinstance(value, list) else [value])]


def _short(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{key} {part}" for key, part in value.items() if part not in (None, False, [], ""))


def show_traffic(screen: Screen, built: town.Town) -> None:
    """Try every path of the picture with real packets."""
    host, neighbour, outside = built.host, built.neighbour, built.outside
    web, db = host.inside("web"), host.inside("db")
    screen.fact(web.reaches("172.18.0.10") and db.reaches("fd00:18::2"), "web and db reach each other, IPv4 and IPv6")
    with outside.server(443):
        answer = db.ask(town.WORLD[0], 443)
    seen = answer.peer if answer else "nothing"
    screen.fact(seen == town.HOST[0], f"db reaches {town.WORLD[0]} beyond the router, which sees {seen}: masqueraded")
    with web.server(80), web.server(81):
        for address, source in zip(town.HOST, town.NEIGHBOUR, strict=True):
            answer = neighbour.ask(address, 8080)
            seen = answer.peer if answer else "nothing"
            screen.fact(seen == source, f"the neighbour reaches {address} port 8080; web sees {seen}, its own address")
        screen.fact(host.ask("127.0.0.1", 8081) is not None, "the host itself reaches 127.0.0.1 port 8081")
        closed = [("192.0.2.1", 8081), ("172.18.0.2", 80), ("172.18.0.2", 81)]
        reached = [f"{address} port {port}" for address, port in closed if neighbour.ask(address, port, timeout=0.3)]
        names = " or ".join(reached) or "port 8081, and nothing behind the host by its inner address"
        screen.fact(not reached, f"the neighbour {'reaches ' if reached else 'does not reach '}{names}")


def draw(host: Host) -> str:
    """The network as a tree, which README.md has as well."""
    # It can be imported once the lab's paths are.
    from ansible_collections.netplumb.linuxnet.plugins.filter.topology import topology

    return str(topology(host.module("netns_info"), name="host"))


def run_demo(screen: Screen, lab: Lab) -> None:
    screen.title("netplumb.linuxnet: container networking out of plain Linux parts")
    screen.text("A host made of namespaces, a neighbour and a router. Nothing of it touches this machine's network.")
    built = town.build(lab)
    host = built.host
    untouched = host.dump()

    screen.step("Two services on a network of their own")
    screen.picture(TOPOLOGY)
    screen.text(f"The playbook is {PLAYBOOK.relative_to(REPOSITORY)}.")
    screen.fact(len(apply(screen, host).changed) > 0, "the network is built")
    show_traffic(screen, built)

    screen.step("Once more: nothing to do")
    screen.fact(not apply(screen, host).changed, "changed=0")

    screen.step("Somebody breaks it by hand")
    for line in DAMAGE.splitlines():
        screen.command(line)
    host.sh(DAMAGE)
    with host.inside("web").server(80):
        screen.fact(built.neighbour.ask("192.0.2.1", 8080, timeout=0.3) is None, "the published port is dead")

    screen.step("A look without a touch: --check --diff finds exactly that")
    broken = host.dump()
    foretold = apply(screen, host, check=True)
    show_diff(screen, foretold)
    screen.fact(broken.changes_to(host.dump()) == [], "and nothing was changed")

    screen.step("The same playbook repairs it, and only it")
    repaired = apply(screen, host)
    screen.fact(list(repaired.diffs) == list(foretold.diffs), "what was foretold is what was done")
    show_traffic(screen, built)

    screen.step("A look at it, as the playbook netplumb.linuxnet.inspect prints it")
    screen.picture(draw(host))

    screen.step("Take it down")
    apply(screen, host, variables=ABSENT)
    left = [line for line in untouched.changes_to(host.dump()) if not kept_on_purpose(line)]
    screen.fact(not left, "nothing is left: no link, namespace, address, rule or file")
    screen.output("\n".join(left))


def kept_on_purpose(line: str) -> bool:
    """Whether a change is on purpose: forwarding stays on for others, and the kernel couples other settings to it."""
    return "sysctls: " in line and any(word in line for word in ("forward", "accept_ra", "accept_redirects"))


def main() -> int:
    screen = Screen()
    start = time.monotonic()
    try:
        with Lab() as lab:
            run_demo(screen, lab)
    except (LabError, AssertionError) as error:
        screen.fact(False, str(error))
    except KeyboardInterrupt:
        screen.text("Stopped; the lab is gone.")
        return 130
    verdict = "Something did not work" if screen.failed else "That was it"
    screen.title(f"\n{verdict}, {time.monotonic() - start:.0f} s.")
    return 1 if screen.failed else 0


if __name__ == "__main__":
    sys.exit(main())
