# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter topology: what it draws, and that nothing in a name breaks any format."""

from __future__ import annotations

import copy
import html
import itertools
import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.filter.topology import topology
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable
from tests.unit.topology.hosts import View, address, default, info, interface, namespace, shop

FORMATS = ("text", "mermaid", "dot", "svg", "data")


def drawn(view: View, format_: str = "text", name: str = "host") -> Any:
    if format_ == "svg":
        pytest.importorskip("igraph", reason="python-igraph is not installed: make installs it")
    return topology(view, format_, name)


def test_a_tree_of_a_network() -> None:
    assert drawn(shop(2), name="alpha").splitlines() == [
        "alpha",
        "├── uplink eth0 192.0.2.1/24",
        "│   └── default route via 192.0.2.254",
        "└── bridge br-shop 172.18.0.1/16",
        "    ├── v0 ── web: eth0 172.18.0.2/16",
        "    │   └── published 8080/tcp (IPv4 only) ──▶ 80",
        "    └── v1 ── web1: eth0 172.18.0.3/16",
        "        └── published 8081/tcp (IPv4 only) ──▶ 80",
    ]


def test_a_flowchart() -> None:
    assert drawn(shop(), "mermaid").splitlines() == [
        "flowchart LR",
        '    n3(["8080/tcp #40;IPv4 only#41;<br/>to 80"])',
        '    subgraph host["host"]',
        '        n0[["br-shop<br/>172.18.0.1/16"]]',
        '        n1[/"eth0<br/>192.0.2.1/24"/]',
        "    end",
        '    n2("web<br/>eth0 172.18.0.2/16")',
        '    n0 ---|"v0"| n2',
        "    n1 -.- n0",
        "    n3 ==> n2",
    ]


def test_a_graph_for_graphviz() -> None:
    lines = drawn(shop(), "dot").splitlines()
    assert '    n2 [shape=component label="web\\neth0 172.18.0.2/16"]' in lines
    assert '    n0 -> n2 [dir=none label="v0"]' in lines
    assert "    n3 -> n2 [penwidth=2]" in lines


def _boxes(picture: str) -> dict[str, tuple[float, float, float, float]]:
    """The place of each box by the first line of its tooltip."""
    found = {}
    for group in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}g"):
        title, rect = group.find("{*}title"), group.find("{*}rect")
        if title is not None and rect is not None:
            x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
            found[(title.text or "").splitlines()[0]] = (x, y, x + width, y + height)
    return found


@pytest.mark.parametrize("endpoints", [1, 3, 30, 300])
def test_boxes_of_a_picture_do_not_overlap(endpoints: int) -> None:
    boxes = _boxes(drawn(shop(endpoints), "svg"))
    assert len(boxes) == 2 + 2 * endpoints
    columns: dict[float, list[tuple[float, float]]] = {}
    for x, top, _right, bottom in boxes.values():
        columns.setdefault(x, []).append((top, bottom))
    assert len(columns) == 3
    for spans in columns.values():
        ordered = sorted(spans)
        assert all(before[1] < after[0] for before, after in itertools.pairwise(ordered))
    assert boxes["8080/tcp (IPv4 only)"][0] < boxes["bridge br-shop"][0] < boxes["web"][0]


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_picture_whatever_the_order_of_the_input(format_: str) -> None:
    view = shop(12)
    other = copy.deepcopy(view)
    for part in (other["host"]["interfaces"], other["host"]["rules"], other["namespaces"]):
        part.reverse()
    first, second = drawn(view, format_), drawn(other, format_)
    if format_ == "data":
        # What was only passed on keeps its order.
        first, second = first["faults"], second["faults"]
    assert first == second


@pytest.mark.parametrize("format_", FORMATS)
def test_a_thousand_endpoints_take_seconds(format_: str) -> None:
    start = time.process_time()
    drawn(shop(1000), format_)
    assert time.process_time() - start < 10


def test_both_ways_of_netns_info_give_the_same() -> None:
    view = shop(3)
    assert drawn({"changed": False, "text": json.dumps(view), "host": {"missing": []}}) == drawn(view)


def test_a_pair_without_a_bridge_and_one_between_namespaces() -> None:
    ends = [interface("v0", "10.0.0.1/30", peer={"netns": "a", "name": "eth0"})]
    a = namespace(
        "a",
        interface("eth0", "10.0.0.2/30", peer={"netns": None, "name": "v0"}),
        interface("x", peer={"netns": "b", "name": "y"}),
    )
    b = namespace("b", interface("y", peer={"netns": "a", "name": "x"}))
    assert drawn(info(ends, [a, b, namespace("c")])).splitlines() == [
        "host",
        "├── v0 10.0.0.1/30 ── a: eth0 10.0.0.2/30",
        "├── namespace a",
        "│   └── x ── b: y",
        "└── namespace c",
    ]
    assert '    n1 ---|"x"| n2' in drawn(info(ends, [a, b]), "mermaid").splitlines()


def test_a_published_port_of_both_versions_is_one() -> None:
    view = shop()
    view["namespaces"][0]["interfaces"][0]["addresses"].append(address("fd00:18::2/64"))
    view["namespaces"][0]["leases"] = {}
    view["host"]["rules"].append({**view["host"]["rules"][0], "ip_version": "ipv6", "to_address": "fd00:18::2"})
    assert "published 8080/tcp ──▶ 80" in drawn(view)
    assert drawn(view).count("published") == 1


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ([], "a dictionary with host and namespaces"),
        ({"objects": []}, "a dictionary with host and namespaces"),
        ({"text": "{"}, "the text of the input is not JSON"),
        ({"host": {}, "namespaces": []}, "is not what netplumb.linuxnet.netns_info returns: KeyError"),
        ({"host": {"interfaces": 7}, "namespaces": []}, "is not what netplumb.linuxnet.netns_info returns: TypeError"),
    ],
)
def test_other_input_is_refused(view: Any, sentence: str) -> None:
    with pytest.raises(AnsibleFilterError, match=sentence):
        drawn(view)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="'png' is none of text, data, mermaid, dot, svg"):
        drawn(shop(), "png")


def test_a_missing_library_is_named_and_only_needed_for_svg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    for format_ in ("text", "mermaid", "dot", "data"):
        assert topology(shop(), format_)
    with pytest.raises(AnsibleFilterError, match="needs the Python library igraph on the controller"):
        topology(shop(), "svg")


_LABEL = r'"(?:[A-Za-z0-9 .:/,-]|#\d+;|<br/>)*"'
_MERMAID = re.compile(
    rf"flowchart LR|    +n\d+(\[/{_LABEL}/\]|\[\[{_LABEL}\]\]|\[{_LABEL}\]|\(\[{_LABEL}\]\)|\({_LABEL}\))"
    rf"|    subgraph host\[{_LABEL}\]|    end|    n\d+ (---|-\.-|==>)(\|{_LABEL}\|)? n\d+"
    r"|    classDef faulty stroke:#c00,stroke-width:3px|    class n[\dn,]+ faulty|    linkStyle [\d,]+ stroke:#c00"
)
_QUOTED = r'"(?:[^"\\]|\\["\\n])*"'
_DOT = re.compile(
    r"digraph topology {|    rankdir=LR|    (node|edge) \[fontname=monospace\]|    subgraph cluster_host {|    }|}"
    rf"|        label={_QUOTED}|    +n\d+ \[shape=\w+ label={_QUOTED}( color=red penwidth=2)?\]"
    rf"|    n\d+ -> n\d+ \[[a-z0-9= ]+( label={_QUOTED})?( color=red)?\]"
)


def _mermaid_labels(picture: str) -> str:
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), picture)


def _dot_labels(picture: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", picture)


#: What mean something in one of the formats, a terminal or HTML.
_HOSTILE = st.text(
    st.sampled_from("\"'`<>&;#|[](){}\\/%-=:\n\r\t\x00\x1b\x7f\u2028\u202e\ud800\ufffe aä€n0") | st.characters(),
    max_size=40,
) | st.sampled_from(
    ["</script><script>alert(1)</script>", '"] end', "<!--", "]]>", "end", "\\N", "#quot;", "%%{init}%%", "a-->b"]
)


@settings(deadline=None)
@given(_HOSTILE, _HOSTILE, _HOSTILE)
def test_no_name_breaks_a_format(name: str, label: str, title: str) -> None:
    view = shop(1, name or "web", label)
    text = drawn(view, "text", title)
    assert all(line.isprintable() for line in text.splitlines())
    assert len(text.split("\n")) == len(text.splitlines())
    for line in drawn(view, "mermaid", title).split("\n"):
        assert _MERMAID.fullmatch(line), line
    for line in drawn(view, "dot", title).split("\n"):
        assert _DOT.fullmatch(line), line
    assert drawn(view, "data", title)["title"] == printable(title)


@settings(deadline=None)
@given(_HOSTILE, _HOSTILE)
def test_no_name_breaks_a_picture(name: str, title: str) -> None:
    boxes = _boxes(drawn(shop(1, name or "web"), "svg", title))
    assert len(boxes) == 4


@pytest.mark.parametrize(
    ("format_", "read"), [("mermaid", _mermaid_labels), ("dot", _dot_labels), ("svg", html.unescape), ("text", str)]
)
def test_a_hostile_name_is_shown_as_it_is(format_: str, read: Callable[[str], str]) -> None:
    name = '"</script>&`[x](y)|{z}#;\\n'
    assert name in read(drawn(shop(1, name), format_))


def test_default_routes_are_compared_by_metric() -> None:
    view = shop()
    view["namespaces"][0]["routes"].append(default("eth0", "172.18.9.9", metric=50))
    assert drawn(view, "data")["faults"] == []
