# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kind of object describes itself: nothing else lists the kinds, so a new one only has to be registered."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence
from unittest import mock

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import (
    Change,
    Order,
    Plan,
    Resource,
    wants_of,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.spec import complete
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import network_document
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import carry_out, endpoints, kinds
from ansible_collections.netplumb.linuxnet.plugins.module_utils._service import boot
from docs.make import plan as plan_schema
from tests.lab.paths import REPOSITORY
from tests.unit.plan.builders import dual, plan
from tests.unit.plan.world import empty_info, interface

MODULES = REPOSITORY / "plugins" / "modules"
WEB = {"name": "tap-web", "parent": "card0"}
DB = {"name": "tap-db", "parent": "card1"}


class Want(t.NamedTuple):
    name: str
    state: str


class Tap(Resource):
    """An invented kind: something on an endpoint's host end that requires a card."""

    options: t.ClassVar[Options] = {
        "name": {"type": "str"},
        "parent": {"type": "str"},
        "state": STATE,
        **NETNS,
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("name",)
    name: t.ClassVar[str] = "tap"
    order: t.ClassVar[Order] = Order(present=75, absent=5)
    of_endpoints: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("name", "parent")

    def want(self, options: Mapping[str, t.Any]) -> Want:
        return Want(options["name"], options["state"])

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": None, "name": want.name}

    def label(self, want: Want) -> str:
        return f"tap {want.name}"

    def read(self, _host: Host, _wants: Sequence[Want]) -> None:
        return None

    def plan(self, wants: Sequence[Want], _state: None) -> Plan:
        return Plan([Change({}, {"name": want.name}) for want in wants])

    def identity(self, definition: network_document.Element) -> str:
        return str(definition["name"])

    def endpoint_of(
        self, definition: network_document.Element, ends: network_document.Ends
    ) -> network_document.EndpointKey | None:
        namespace = definition["name"].removeprefix("tap-")
        return next((key for key in ends.links.values() if key[0] == namespace), None)

    def left(self, view: Marked) -> list[network_document.Element]:
        return [{"name": name, "state": "absent"} for name in view.interfaces if name.startswith("tap-")]

    def needs(self, definition: network_document.Element) -> str:
        return str(definition["parent"])


@pytest.fixture
def tap() -> Iterator[None]:
    """The kind, registered in the only place there is."""
    every = (*kinds.RESOURCES.values(), Tap())
    with (
        mock.patch.dict(kinds.RESOURCES, {kind.name: kind for kind in every}),
        mock.patch.dict(kinds.ORDER, kinds.in_order(every)),
        mock.patch.dict(kinds.NEEDED, {kind.name: kind.needed for kind in every}),
    ):
        yield


def _modules(*namespaces: str) -> dict[str, t.Any]:
    taps = {"web": WEB, "db": DB}
    made = plan(dual(*namespaces, appends=True))["modules"]
    return {name: made.get(name, []) for name in kinds.RESOURCES} | {"tap": [taps[name] for name in namespaces]}


@pytest.mark.usefixtures("tap")
def test_a_new_kind_is_carried_out_in_its_turn() -> None:
    """It comes after the links that it is about, and before them on removal."""
    assert carry_out.definitions_of({"tap": [WEB]})["tap"] == [WEB]
    assert kinds.ORDER["present"].index("tap") == kinds.ORDER["present"].index("veth") + 1
    assert kinds.ORDER["absent"][0] == "tap"


@pytest.mark.usefixtures("tap")
def test_a_new_kind_is_written_down_for_the_next_boot_and_added_to() -> None:
    first = network_document.document("br0", "br0", _modules("web"), None, kinds.RESOURCES)
    both = network_document.document("br0", "br0", _modules("db"), first, kinds.RESOURCES)
    assert both["modules"]["tap"] == [WEB, DB]
    again = network_document.document("br0", "br0", _modules("web"), both, kinds.RESOURCES)
    assert again["modules"]["tap"] == [WEB, DB], "said again, it stays in its place"
    assert network_document.parse(network_document.text(both), "", kinds.NEEDED) == both
    assert network_document.foreign_ports(both["modules"], kinds.RESOURCES) == ["card0", "card1"]


@pytest.mark.usefixtures("tap")
def test_a_new_kind_is_taken_away_with_the_network() -> None:
    info = empty_info()
    info["host"]["interfaces"].append(interface("tap-web"))
    absent = plan({"name": "br0", "state": "absent"}, info)["modules"]
    assert absent["tap"] == [{"name": "tap-web", "state": "absent"}]
    assert list(absent) == list(kinds.ORDER["absent"])


def test_the_schema_of_plans_has_the_kinds() -> None:
    written = plan_schema.PAGE.read_text(encoding="utf-8")
    assert plan_schema.page(written) == written, plan_schema.COMMAND


@pytest.mark.usefixtures("tap")
def test_a_new_kind_has_to_be_described_in_the_schema_of_plans() -> None:
    with pytest.raises(KeyError, match="tap"):
        plan_schema.page(plan_schema.PAGE.read_text(encoding="utf-8"))


@pytest.mark.usefixtures("tap")
def test_a_new_kind_goes_with_a_guest_who_is_away() -> None:
    found = network_document.without(_modules("web", "db"), {"web"}, kinds.RESOURCES)
    assert found["tap"] == [DB]


@pytest.mark.usefixtures("tap")
def test_a_new_kind_waits_for_its_card_at_a_boot() -> None:
    with mock.patch.object(boot.os.path, "exists", lambda path: path.endswith("card1")):
        assert boot.available(_modules("web", "db"), ())["tap"] == [DB]


@pytest.mark.usefixtures("tap")
def test_a_new_kind_of_endpoints_in_trouble_is_left_out() -> None:
    modules = _modules("web", "db")
    wanted = {"veth": wants_of(kinds.RESOURCES["veth"], _defined("veth", modules)), "tap": []}
    problem = {"namespace": "web", "interface": "eth0", "sentence": "namespace web: it is full"}
    with Host(check_mode=True) as host:
        found = endpoints.Endpoints(host, wanted, [problem])
        taps = [Want("tap-web", "present"), Want("tap-db", "present")]
        assert [found.of("tap", tap) for tap in taps] == [[("web", "eth0")], [("db", "eth0")]]


def _defined(name: str, modules: Mapping[str, t.Any]) -> list[tuple[str, dict[str, t.Any]]]:
    options = {**kinds.RESOURCES[name].options, "owner": {"type": "str", "default": "br0"}}
    return [("", complete(options, element, "")) for element in modules[name]]


def test_every_module_is_of_the_group_of_actions() -> None:
    """Except for those whose objects have no owner besides their name."""
    groups = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text())["action_groups"]
    names = {path.stem for path in MODULES.glob("*.py")} - {"__init__", "bridge_network", "lab"}
    assert groups["linuxnet"] == sorted(names)


def test_every_kind_is_its_module() -> None:
    for name, kind in kinds.RESOURCES.items():
        assert f"import {type(kind).__name__}\n" in (MODULES / f"{name}.py").read_text()
