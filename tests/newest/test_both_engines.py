# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with Docker and Podman, where a container's name may mean one in either."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.newest.sites import Site, docker, endpoint, podman
from tests.newest.sites import site as made

pytestmark = pytest.mark.needs("newest-engines")


@pytest.fixture(name="sites")
def _sites() -> Iterator[tuple[Site, Site]]:
    """The same host twice, with one engine each; programs on it find both."""
    with made(docker) as first:
        second = Site(first.town, podman(first.town.host))
        first.town.host.sh(f"cp {second.engine.folder}/podman {first.engine.folder}/podman")
        yield first, second


def test_the_engine_need_not_be_said_unless_both_have_the_container(sites: tuple[Site, Site]) -> None:
    first, second = sites
    for site, name in ((first, "one"), (second, "two")):
        site.engine.start_apart(name)
        assert first.apply(endpoint(container=name)).changed
        assert not first.apply(endpoint(container=name)).changed
        assert site.links(name) == {"lo", "eth0"}
        assert first.apply(state="absent").changed

    for site in sites:
        site.engine.start_apart("shop")
    before = first.town.host.dump()
    for check in (True, False):
        output = first.apply(endpoint(container="shop"), fails=True, check=check).output
        sentence = "container shop is one of docker and another one of podman; set engine to the one meant"
        assert sentence in " ".join(output.split())
    assert before.changes_to(first.town.host.dump()) == []
    assert first.apply(endpoint(container="shop", engine="podman")).changed
    assert not first.apply(endpoint(container="shop", engine="podman")).changed
    assert (first.links("shop"), second.links("shop")) == ({"lo"}, {"lo", "eth0"})


def test_a_docker_that_is_podman_has_no_other_containers(sites: tuple[Site, Site]) -> None:
    """As Debian's package podman-docker does it."""
    first, second = sites
    first.town.host.sh(f"cp {second.engine.folder}/podman {first.engine.folder}/docker")
    second.engine.start_apart("shop")
    assert first.apply(endpoint(container="shop")).changed
    assert not first.apply(endpoint(container="shop")).changed
    assert second.links("shop") == {"lo", "eth0"}
    missing = " ".join(first.apply(endpoint(container="ship"), fails=True).output.split())
    assert "container ship was not found: docker: " in missing
    assert "; podman: " in missing
