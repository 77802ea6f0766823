# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program attaches a guest of a network, by its process or by the container state that an OCI hook receives.

tests/newest calls it from real engines. Here a process in a namespace of its own stands for a container.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.integration.networks import SHOP, in_one
from tests.integration.persistence import DEFINITIONS, PROGRAM, program
from tests.lab.host import Host, Process
from tests.lab.place import Result

LISTS = "/run/store/vfs-containers"
MINE, OTHER = "abc1" * 16, "abd2" * 16


@pytest.fixture
def guest(host: Host) -> Iterator[Process]:
    with host.spawn(["sleep", "infinity"], unshare_net=True) as process:
        yield process


def _build(host: Host, guest: Process, container: str = "shop", engine: str | None = None) -> None:
    """A network with the guest as a container, and without the host end of its pair, as after a restart."""
    app = {"namespace": "app", "pid": guest.pid, "published_ports": ["9000:90"]}
    in_one(host, {**SHOP, "persistent": True, "endpoints": [app, *SHOP["endpoints"]]})
    written = json.loads(host.read(DEFINITIONS))
    written["containers"] = {"app": {"name": container, "engine": engine}}
    host.write(DEFINITIONS, json.dumps(written))
    host.sh("ip link del $(ip -json link show | grep -o 'vapp-[0-9a-f]*' | head -1)")


def _hook(host: Host, guest: Process, identifier: str = MINE, volatile: bool = False, **names: str) -> Result:
    """Call it as Podman's runtime does, among containers whose names are given with their IDs."""
    listed = [{"id": number, "names": [name]} for name, number in names.items()]
    host.sh(f"mkdir -p {LISTS}/{identifier}/userdata")
    host.write(f"{LISTS}/{'volatile-' if volatile else ''}containers.json", json.dumps(listed))
    state = {"id": identifier, "pid": guest.pid, "bundle": f"{LISTS}/{identifier}/userdata", "status": "created"}
    return host.run([PROGRAM, "hook"], stdin=json.dumps(state))


def _wired(host: Host) -> bool:
    return host.run(["ip", "-n", "app", "link", "show", "eth0"], check=False).rc == 0


@pytest.mark.long
def test_nothing_else_is_brought_about(host: Host, guest: Process) -> None:
    _build(host, guest)
    host.sh("ip -n db address flush dev eth0; iptables --table raw --flush LINUXNET-RAW; ip link set vdb-d3b55a0 down")
    before = host.dump()
    told = program(host, "attach", "br-shop", "app", str(guest.pid)).out
    assert told.splitlines()[-1] == "network br-shop: namespace app is attached, 4 of its parts were changed"
    changed = [line for line in before.changes_to(host.dump()) if "app" not in line]
    assert changed == []
    with host.inside("app").server(90):
        assert host.ask("127.0.0.1", 9000) is not None
    assert "0 of its parts were changed" in program(host, "attach", "br-shop", "app", str(guest.pid)).out


@pytest.mark.parametrize(
    ("container", "engine", "names"),
    [
        ("shop", None, {"shop": MINE, "db": OTHER}),
        ("shop", "podman", {"shop": MINE}),
        (MINE, None, {"shop": MINE, "db": OTHER}),
        ("abc", None, {"shop": MINE, "db": OTHER}),
    ],
)
@pytest.mark.parametrize("volatile", [False, True])
def test_a_hook_attaches_by_name_and_by_id(
    host: Host, guest: Process, container: str, engine: str | None, names: dict[str, str], volatile: bool
) -> None:
    _build(host, guest, container, engine)
    told = _hook(host, guest, volatile=volatile, **names)
    assert (told.out, told.err.splitlines()[-1].startswith("network br-shop: namespace app is attached")) == ("", True)
    assert _wired(host)


@pytest.mark.parametrize(
    ("container", "engine", "names"),
    [
        ("shop", None, {"shop": OTHER, "db": MINE}),
        ("shop", "docker", {"shop": MINE}),
        ("abc", None, {"shop": MINE, "abc": OTHER}),  # a name takes precedence over the beginning of an ID
        (OTHER, None, {"shop": MINE}),
    ],
)
def test_a_hook_leaves_other_containers_alone(
    host: Host, guest: Process, container: str, engine: str | None, names: dict[str, str]
) -> None:
    _build(host, guest, container, engine)
    told = _hook(host, guest, **names)
    assert (told.out, told.err) == ("", "")
    assert not _wired(host)


def test_what_changes_networks_is_not_even_loaded_for_them(host: Host, guest: Process) -> None:
    _build(host, guest)
    python = host.sh(f"head -1 {PROGRAM}").split()[0].removeprefix("#!")
    for words in (["hook"], ["started", "docker", OTHER, "db"]):
        state = json.dumps({"id": OTHER, "pid": guest.pid, "bundle": f"{LISTS}/{OTHER}/userdata"})
        told = host.run([python, "-I", "-X", "importtime", PROGRAM, *words], stdin=state).err
        loaded = {line.rpartition("module_utils.")[2] for line in told.splitlines() if "module_utils._" in line}
        assert {name for name in loaded if "." in name} == {
            "_core.errors",
            "_core.values",
            "_model.network_document",
            "_service.entry",
        }


@pytest.mark.long
def test_what_cannot_be_attached_is_a_line_and_no_reason_not_to_start(host: Host, guest: Process) -> None:
    _build(host, guest)
    host.sh("ip link del br-shop")
    sentence = "network br-shop is not up, so namespace app is not attached; start linuxnet-br-shop.service first"
    assert _hook(host, guest, shop=MINE).err == f"{sentence}\n"
    program(host, "up", "br-shop")
    process = guest.pid
    guest.stop()
    gone = program(host, "attach", "br-shop", "app", str(process), check=False)
    assert (gone.rc, gone.out) == (
        1, f"network br-shop: namespace app is not attached, since process {process} is gone\n",
    )  # fmt: skip
    host.write(DEFINITIONS, "{")
    told = _hook(host, guest, shop=MINE)
    assert (told.out, told.err.startswith(f"{DEFINITIONS}: "), told.err.count("\n")) == ("", True, 1)


@pytest.mark.long
def test_an_engine_that_is_not_there(host: Host, guest: Process) -> None:
    _build(host, guest)
    told = program(host, "started", "docker", MINE, "shop")
    assert (told.out, told.err) == ("", "container shop: docker does not have it any more, or it has ended\n")
    assert program(host, "started", "docker") == Result(0, "", "")


@pytest.mark.parametrize("state", ["", "{}", "[]", '{"id": "x", "pid": "y", "bundle": ""}', '{"id": "x", "pid": 1}'])
def test_a_state_that_makes_no_sense(host: Host, guest: Process, state: str) -> None:
    _build(host, guest)
    told = host.run([PROGRAM, "hook"], stdin=state, check=False)
    assert (told.rc, told.err) == (
        2, "hook: the state of a container, as OCI runtimes tell it, is required on the standard input\n",
    )  # fmt: skip


@pytest.mark.parametrize("words", [["hook", "x"], ["started"], ["started", "lxc"], ["started", "docker", "x"]])
@pytest.mark.long
def test_bad_calls(host: Host, guest: Process, words: list[str]) -> None:
    _build(host, guest)
    told = program(host, *words, check=False)
    assert (told.rc, told.err.startswith("usage: network.pyz up NETWORK")) == (2, True)
