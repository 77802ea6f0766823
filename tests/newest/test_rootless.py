# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container of an ordinary user's Podman is an endpoint by its process; only that user knows its name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines.releases import NEWEST
from tests.engines.rootless import Rootless, rootless
from tests.lab import target
from tests.lab.errors import LabError
from tests.lab.paths import REPOSITORY

pytestmark = pytest.mark.needs("newest-engines")
#: Runs the module as a lab host does, in a separate Python, since run_main replaces the standard output.
_RUN = """
import json, sys
from tests.lab.modules import run_main
json.dump(run_main(*json.loads(sys.argv[1])), sys.stderr)
"""
#: A server inside the container's network, and a client on the host.
_SERVE = "import socket; s = socket.create_server(('', 80)); print('up', flush=True); s.accept()[0].send(b'hello')"
_ASK = "import socket; print(socket.create_connection(('172.18.0.1', 8080), 5).recv(5).decode())"


@pytest.fixture
def site() -> Iterator[Rootless]:
    with rootless(NEWEST) as site:
        yield site


def _apply(site: Rootless, **options: Any) -> dict[str, Any]:
    network = {"name": "br-shop", "persistent": False, **options}
    given = json.dumps(["bridge_network", network, False, False])
    path = ":".join([str(REPOSITORY), *target.search_path()])
    done = site.place.run([sys.executable, "-c", _RUN, given], env={"PYTHONPATH": path})
    result: dict[str, Any] = json.loads(done.err)
    return result


def _endpoint(**options: Any) -> dict[str, Any]:
    endpoint = {"namespace": "shop", "published_ports": ["8080:80"], **options}
    return {"ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": [endpoint]}


def _links(site: Rootless, process: int) -> set[str]:
    links = json.loads(site.place.run(["nsenter", f"--target={process}", "--net", "ip", "-json", "link"]).out)
    return {link["ifname"] for link in links}


def test_the_process_of_a_users_container_is_wired_published_reached_and_let_go(site: Rootless) -> None:
    process = site.start_apart("shop")
    assert _links(site, process) == {"lo"}
    assert _apply(site, **_endpoint(pid=process))["changed"]
    assert not _apply(site, **_endpoint(pid=process))["changed"]
    assert _links(site, process) == {"lo", "eth0"}
    with site.inside("shop").popen([sys.executable, "-c", _SERVE], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "up\n"
        assert site.place.run([sys.executable, "-c", _ASK]).out == "hello\n"
    assert _apply(site, state="absent")["changed"]
    assert _links(site, process) == {"lo"}
    assert site.podman("inspect", "--format={{.State.Running}}", "shop") == "true"


def test_the_name_of_a_users_container_is_refused(site: Rootless) -> None:
    site.start_apart("shop")
    result = _apply(site, **_endpoint(container="shop"))
    assert result["failed"]
    assert "container shop was not found: " in result["msg"]
    cure = "; a container of an ordinary user, whose engine only that user can ask, is attached by pid"
    assert result["msg"].endswith(cure)
    with pytest.raises(LabError, match="br-shop"):
        site.place.run(["ip", "link", "show", "br-shop"])
