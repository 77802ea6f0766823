# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the examples in the modules' documentation as they are, and check the samples of return values."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins import modules
from tests.integration.networks import SHOP, apply
from tests.integration.promises import converge
from tests.integration.settling import converge_settled
from tests.lab.host import Host
from tests.lab.segment import Segment

# What a module's examples assume.
GIVEN = {
    "dnat": "ip link add br0 type bridge; ip link set br0 up",
    "bridge_forward": "for n in 0 1 2; do ip link add br$n type bridge; done",
    "netns_info": "ip netns add web; ip netns add db; ip link add br0 type bridge; "
    "ip link add vweb master br0 type veth peer eth0 netns web",
    "unmanaged_links": "mkdir --parents /run/systemd/netif; touch /run/systemd/netif/state",
}
#: What the examples of whole networks call, in order.
OF_NETWORKS = {
    "bridge_network": ("bridge_network",) * 4,
    "network_service": ("bridge_network", "network_service", "network_service"),
}
#: Modules whose results are not lists of objects.
WHOLE = ("netns_info", "path_info", *OF_NETWORKS)
#: Modules that run on the controller; test_lab_elsewhere.py tests their examples.
_OF_THE_CONTROLLER = "lab"
MODULES = sorted(
    {Path(name).stem for place in modules.__path__ for name in os.listdir(place) if name.endswith(".py")}
    - {"__init__", _OF_THE_CONTROLLER}
)


#: Not returned by any example, since hosts of the lab lack nothing.
_ELSEWHERE = ("better_python", "package_manager")
_OF_ANSIBLE = {
    "changed",
    "failed_when_result",
    "invocation",
    "warnings",
    "deprecations",
    "_ansible_no_log",
    "_ansible_verbose_always",
}
#: What differs between runs or machines.
_NUMBERS = ("inode", "index", "device", "pids", "accept_ra", "program")
_MAC = re.compile(r"(?!02:42)[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def _documented(name: str, part: str) -> Any:
    return yaml.safe_load(
        getattr(importlib.import_module(f"ansible_collections.netplumb.linuxnet.plugins.modules.{name}"), part)
    )


def _examples(name: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = _documented(name, "EXAMPLES")
    return tasks


def _is_of(sample: Any, returned: Any) -> bool:
    """Whether a run returned this. A sample may show only a part."""
    if isinstance(sample, dict):
        return isinstance(returned, dict) and all(
            key in returned
            and (type(value) is type(returned[key]) if key in _NUMBERS else _is_of(value, returned[key]))
            for key, value in sample.items()
        )
    if isinstance(sample, list):
        return isinstance(returned, list) and all(any(_is_of(one, other) for other in returned) for one in sample)
    if isinstance(sample, str) and isinstance(returned, str) and _MAC.fullmatch(sample):
        return _MAC.fullmatch(returned) is not None
    return type(sample) is type(returned) and bool(sample == returned)


def _samples(documented: dict[str, Any]) -> Iterator[Any]:
    """Each sample, with the keys and lists around it."""
    for key, value in documented.items():
        if "sample" in value and key not in _ELSEWHERE:
            yield {key: value["sample"]}
        else:
            for inner in _samples(value.get("contains", {})):
                yield {key: [inner] if value["type"] == "list" else inner}


def _check_samples(name: str, results: list[dict[str, Any]]) -> None:
    """Every sample is what an example returned, and everything that examples returned about an object is documented."""
    documented = _documented(name, "RETURN")
    for sample in _samples(documented):
        assert any(_is_of(sample, result) for result in results), f"no example returns {sample}"
    for result in results:
        assert set(result) - _OF_ANSIBLE <= set(documented)
        for one in result.get("objects", ()):
            assert set(one) <= set(documented["objects"]["contains"])
    if name not in WHOLE:
        (sample,) = documented["objects"]["sample"]
        assert any(set(sample) == set(one) for result in results for one in result["objects"])


def test_there_are_seventeen() -> None:
    assert len(MODULES) == 17


@pytest.mark.parametrize("name", [name for name in MODULES if name not in WHOLE])
def test_each_example_does_something_that_check_mode_foretells(host: Host, name: str) -> None:
    host.sh(GIVEN.get(name, "true"))
    results = []
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        for task in _examples(name):
            (module,) = [key for key in task if key.startswith("netplumb.linuxnet.")]
            options = {
                option: process.pid if value == "{{ app_pid }}" else value for option, value in task[module].items()
            }
            assert "{{" not in str(options), "an example that this test cannot fill in"
            if "container" in options:
                continue  # needs an engine that runs: see test_container.py
            if module == "netplumb.linuxnet.interface":
                namespaces = [line.split()[0] for line in host.sh("ip netns list").splitlines()]
                done = converge_settled(host, options, *namespaces)
            else:
                done = converge(host, module.removeprefix("netplumb.linuxnet."), options)
            if module == f"netplumb.linuxnet.{name}":
                results.append(done)
    _check_samples(name, results)


def test_the_examples_of_netns_info(host: Host) -> None:
    host.sh(GIVEN["netns_info"])
    run = host.playbook(_examples("netns_info"))
    assert run.changed == []
    assert run.task("Show the namespaces").result["msg"] == ["db", "web"]
    assert "vweb leads to" in run.output
    _check_samples("netns_info", [task.result for task in run.tasks if task.action == "netplumb.linuxnet.netns_info"])


def test_the_examples_of_path_info(host: Host, wan: Segment) -> None:
    apply(host, **SHOP)
    with host.inside("db").server(5432):
        run = host.playbook(_examples("path_info"))
    assert run.changed == []
    found = [task.result for task in run.tasks if task.action == "netplumb.linuxnet.path_info"]
    assert [result["verdict"] for result in found] == ["no_listener", "no_listener", "answered"]
    assert found[0]["sentences"][-1] in run.output
    sample = host.module("path_info", {"source": {"namespace": "db"}, "destination": "172.18.0.2", "port": 80})
    _check_samples("path_info", [*found, sample])


@pytest.mark.parametrize("name", OF_NETWORKS)
@pytest.mark.long
def test_the_examples_of_whole_networks(host: Host, name: str) -> None:
    run = host.playbook(_examples(name), diff=True)
    assert [task.action for task in run.changed] == [f"netplumb.linuxnet.{module}" for module in OF_NETWORKS[name]]
    _check_samples(name, [task.result for task in run.tasks if task.action == f"netplumb.linuxnet.{name}"])


@pytest.mark.long
def test_one_default_for_the_whole_group(host: Host) -> None:
    play = {
        "name": "Group defaults",
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/netplumb.linuxnet.linuxnet": {"owner": "shop"}},
        "tasks": [
            {"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "br0"}},
            {"name": "Interface", "netplumb.linuxnet.interface": {"name": "br0", "enabled": True}},
            {"name": "See", "netplumb.linuxnet.netns_info": None},
        ],
    }
    host.playbook([play])
    assert host.ip("link", "show", "br0")[0]["ifalias"] == "linuxnet:shop:"
