# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real firewalld beside the networks: what it ends, what is said about that, and what is left after a reload."""

from __future__ import annotations

import pytest

from tests.lab.host import Host
from tests.newest.firewalld import Firewalld

pytestmark = pytest.mark.needs("newest-engines")


def test_firewalld_runs_for_the_host_alone(host: Host) -> None:
    firewalld = Firewalld(host)
    assert firewalld.do("firewall-cmd --state") == "running\n"
    assert firewalld.do("firewall-cmd --reload") == "success\n"
    assert "table inet firewalld" in host.sh("nft list tables").splitlines()
