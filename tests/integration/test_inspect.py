# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of playbooks/inspect.yml in a real browser: what clicks, keys and searches show, and that it is readable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import read
from tests.browser import page
from tests.browser.browser import Browser
from tests.integration.networks import SHOP
from tests.lab import town
from tests.lab.controller import Controller
from tests.lab.lab import Lab
from tests.unit.topology.hosts import dnat, shop

pytestmark = pytest.mark.needs("chromium")

PHONE = 390
#: The texts of all cards that are shown.
_CARDS = (
    "[...document.querySelectorAll('.node > button')].filter(one => one.offsetParent).map(one => one.firstChild.data)"
)
_CHIPS = "[...document.querySelectorAll('.chip')].filter(one => one.offsetParent).map(one => one.textContent)"
_DETAILS = "document.getElementById('details').hidden ? '' : document.getElementById('details').innerText"
_FOUND = "document.getElementById('found').textContent"
_FOCUS = "document.activeElement.id || document.activeElement.textContent"
#: Texts with less contrast than WCAG asks for (AA, normal size), each with its contrast.
_FAINT = """
(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const spoken = [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!one.offsetParent || one.matches(".skip") || !spoken) continue;
    let back = one;
    while (back && numbers(getComputedStyle(back).backgroundColor)[3] === 0) back = back.parentElement;
    const [a, b] = [light(getComputedStyle(one).color), light(getComputedStyle(back).backgroundColor)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push([one.className, one.textContent.slice(0, 30), contrast]);
  }
  return found;
})()
"""
#: Pairs of cards, or of a card and a published port of another one, that lie on each other.
_OVERLAPPING = """
(() => {
  const all = [...document.querySelectorAll(".node, .chip")].filter((one) => one.offsetParent)
    .map((one) => [one, one.getBoundingClientRect()]).sort((a, b) => a[1].top - b[1].top);
  const found = [];
  all.forEach(([one, box], number) => {
    for (const [other, there] of all.slice(number + 1)) {
      if (there.top >= box.bottom) break;
      if (one.contains(other) || other.contains(one)) continue;
      const beside = box.left >= there.right - 1 || there.left >= box.right - 1;
      if (!beside && box.bottom - 1 > there.top) found.push([one.innerText, other.innerText]);
    }
  });
  return found;
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as new:
        yield new


@pytest.fixture(autouse=True)
def no_complaints(browser: Browser) -> Iterator[None]:
    """Whatever a test does: no error in the console, and nothing is asked of any network."""
    browser.complaints.clear()
    yield
    assert browser.complaints == []


def _broken(endpoints: int) -> dict[str, Any]:
    """A host on which every seventh endpoint is down, and a port is not published any more."""
    info = shop(endpoints)
    for one in info["namespaces"][3::7]:
        one["interfaces"][0]["enabled"] = False
    info["host"]["published"] = {"br-shop": [["ipv4", "tcp", "127.0.0.1", "9000"]]}
    return info


def test_the_playbook_writes_a_page_of_all_hosts(browser: Browser, tmp_path: Path) -> None:
    with Lab() as lab, Controller(lab, forks=3) as controller:
        whole = town.build(lab).host
        whole.module("bridge_network", SHOP)
        broken, stopped = lab.host("beta"), lab.host("gamma")
        broken.module("bridge_network", {**SHOP, "name": "br-lab", "endpoints": [{"namespace": "probe"}]})
        broken.sh("ip -n probe address delete 172.18.0.2/16 dev eth0")
        hosts = {"alpha": (whole, {}), "beta": (broken, {}), "gamma": (stopped, {})}
        stopped.stop()
        file = Path(controller.__dict__["_home"], "page.html")
        run = controller.playbook("netplumb.linuxnet.inspect", hosts, "--extra-vars", f"inspect_page={file}")
        assert "└── bridge br-shop 172.18.0.1/16 fd00:18::1/64" in run.output
        assert "✗ 172.18.0.2/16 is missing from eth0" in run.output
        assert run.changed_on() == {"alpha"}, "only the page is written"
        text = file.read_text(encoding="utf-8")
    copied = tmp_path / "page.html"
    copied.write_text(text, encoding="utf-8")
    browser.show(copied)
    summary = browser.value("document.getElementById('summary').textContent")
    assert summary == "3 hosts, 3 namespaces, 2 published ports, 2 faults"
    assert browser.value(_CARDS) == ["eth0", "br-shop", "db", "web", "br-lab", "probe"]
    assert "gamma nothing could be read from this host" in browser.value(
        "document.body.innerText.replace(/\\s+/g, ' ')"
    ).replace("✗ ", "")
    browser.click(".node > button", "web")
    details = browser.value(_DETAILS)
    assert details.startswith("Close\nnamespace web on alpha")
    for told in ("172.18.0.2/16", "default\t172.18.0.1\teth0", "permanent", "--dport 8080"):
        assert told in details
    browser.click(".node > button", "br-shop")
    assert "LINUXNET-FROM" in browser.value(_DETAILS)
    browser.click(".chip", "127.0.0.1:8081/tcp to 81")
    assert browser.value(_DETAILS).startswith("Close\npublished port 127.0.0.1:8081/tcp on alpha")


@pytest.mark.parametrize(
    ("query", "cards"),
    [
        ("", ["eth0", "br-shop", *(["web"] + [f"web{number}" for number in range(1, 30)])]),
        ("web7", ["br-shop", "web7"]),
        ("WEB29", ["br-shop", "web29"]),
        ("172.18.0.3", ["br-shop", "web1"]),
        ("172.18.0.30", ["br-shop", "web28"]),
        ("8085", ["br-shop", "web5"]),
        ("7003", ["br-shop", "web4"]),
        ("192.0.2", ["eth0"]),
        ("nobody", []),
        ("<b>", []),
    ],
)
def test_a_search_shows_what_was_asked_for(browser: Browser, tmp_path: Path, query: str, cards: list[str]) -> None:
    info = shop(30)
    info["host"]["rules"].append(dnat("7000-7010", "172.18.0.6", "8000-8010"))
    browser.show(page.write(tmp_path / "page.html", {"alpha": info}))
    browser.click("#search")
    browser.type(query)
    # Cards are in the order of the host's ends, v0, v1, v10 and so on.
    assert sorted(browser.value(_CARDS)) == sorted(cards)
    found = len(cards) - ("br-shop" in cards)
    assert browser.value(_FOUND) == ("" if not query else f"{found} found" if found else "nothing found")
    browser.type("")
    assert len(browser.value(_CARDS)) == 32


def test_only_what_is_broken(browser: Browser, tmp_path: Path) -> None:
    browser.show(page.write(tmp_path / "page.html", {"alpha": _broken(12), "beta": shop(2)}))
    browser.click("#broken")
    assert browser.value(_CARDS) == ["br-shop", "web10", "web3"]
    assert browser.value(_CHIPS)[0] == "127.0.0.1:9000/tcp"
    text = browser.value("document.getElementById('pictures').innerText")
    assert "eth0 is down" in text
    assert "the rule that publishes it (IPv4) is missing" in text
    assert "beta" not in text


def test_a_broken_port_comes_with_the_task_that_explains_it(browser: Browser, tmp_path: Path) -> None:
    """It is what path_info takes."""
    info = _broken(2)
    info["host"]["published"]["br-shop"].append(["ipv4", "tcp", None, "9001"])
    browser.show(page.write(tmp_path / "page.html", {"alpha": info}))
    wanted = {
        "127.0.0.1:9000/tcp": {"destination": "127.0.0.1", "port": 9000, "protocol": "tcp"},
        "9001/tcp": {
            "source": {"address": "192.0.2.254", "interface": "eth0"},
            "destination": "192.0.2.1",
            "port": 9001,
            "protocol": "tcp",
        },
    }
    for label, options in wanted.items():
        browser.value(
            f"[...document.querySelectorAll('button.chip')].find((b) => b.innerText.startsWith('{label}')).click()"
        )
        (task,) = yaml.safe_load(browser.value("document.querySelector('#details pre').innerText"))
        assert task == {"name": f"Explain port {label}", "netplumb.linuxnet.path_info": options}
        assert read({"source": None, "timeout": 2.0, **options}).port == options["port"]
        browser.press("Escape")


def test_everything_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    browser.show(page.write(tmp_path / "page.html", {"alpha": shop(3)}))
    browser.press("Tab")
    assert browser.value(_FOCUS) == "Skip to the networks"
    browser.press("/")
    assert browser.value(_FOCUS) == "search"
    assert browser.value("document.getElementById('search').value") == ""
    browser.press("Tab", "Tab")
    assert browser.value(_FOCUS) == "eth0 uplink", "a picture is one stop"
    browser.press("ArrowRight", "ArrowDown")
    assert browser.value(_FOCUS) == "web"
    browser.press("Enter")
    assert browser.value(_FOCUS) == "details-title"
    assert "172.18.0.2/16" in browser.value(_DETAILS)
    browser.press("Escape")
    assert (browser.value(_DETAILS), browser.value(_FOCUS)) == ("", "web")
    browser.press("End")
    assert browser.value(_FOCUS) == "8082/tcp IPv4 to 80"
    browser.press("Home")
    assert browser.value(_FOCUS) == "eth0 uplink"
    browser.press("/")
    browser.type("web2")
    browser.press("Tab", "Tab")
    assert browser.value(_FOCUS).startswith("br-shop"), "the stop is one that is shown"


def test_what_a_screen_reader_gets(browser: Browser, tmp_path: Path) -> None:
    browser.show(page.write(tmp_path / "page.html", {"alpha": _broken(4)}))
    told = browser.tree()
    expected = [
        ("heading", "Networks"),
        ("searchbox", "Search by name, address or port"),
        ("checkbox", "Only what is broken"),
        ("main", ""),
        ("region", "alpha 4 namespaces, 2 faults"),
        ("group", "Picture of the network of alpha"),
        ("button", "eth0 uplink"),
        ("button", "published port 127.0.0.1:9000/tcp, broken"),
        ("list", "Ports of br-shop"),
        ("button", "web"),
        ("button", "published port 8080/tcp (IPv4 only) to 80"),
    ]
    assert [one for one in expected if one not in told] == []
    assert [role for role, name in told if role in ("button", "searchbox", "checkbox", "link") and not name] == []
    browser.click(".node > button", "web")
    assert ("complementary", "namespace web on alpha") in browser.tree()
    assert ("columnheader", "MAC address") in browser.tree()


_HOSTILE = "</script><script>document.title='owned'</script>"


def test_a_hostile_name_is_text(browser: Browser, tmp_path: Path) -> None:
    info = shop(2, _HOSTILE, "<!--<script>")
    info["namespaces"][1]["interfaces"][0]["mac_address"] = "<img src=x onerror=\"document.title='owned'\">"
    info["host"]["interfaces"][0]["name"] = "\"'><b>"
    info["host"]["neighbours"] = [
        {"address": "{{ 7*7 }}", "mac_address": "\u2028", "interface": "br-shop", "state": "stale"}
    ]
    browser.show(page.write(tmp_path / "page.html", {"<script>alert(1)</script>": info}))
    assert browser.value("document.title") == "Networks"
    assert browser.value(_CARDS) == ["br-shop", "\"'><b>", _HOSTILE, _HOSTILE + "1"] or sorted(
        browser.value(_CARDS)
    ) == sorted(["br-shop", "\"'><b>", _HOSTILE, _HOSTILE + "1"])
    browser.click(".node > button", _HOSTILE + "1")
    assert "<img src=x onerror=" in browser.value(_DETAILS)
    browser.click(".node > button", "br-shop")
    assert "{{ 7*7 }}" in browser.value(_DETAILS)
    assert browser.value("document.querySelectorAll('img, b, script').length") == 2
    assert browser.value("document.title") == "Networks"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, 1280])
@pytest.mark.parametrize("endpoints", [3, 30, 300])
def test_it_is_readable(browser: Browser, tmp_path: Path, endpoints: int, width: int, dark: bool) -> None:
    info = _broken(endpoints)
    browser.show(page.write(tmp_path / "page.html", {"alpha": info, "beta": None}), width, 800, dark)
    assert len(browser.value(_CARDS)) == endpoints + 2
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(_FAINT) == []
    assert browser.value(_OVERLAPPING) == []
    back = browser.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(back) < 60) is dark
    browser.click(".node > button", "web2")
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(_FAINT) == []
    browser.picture(tmp_path / "page.png")
