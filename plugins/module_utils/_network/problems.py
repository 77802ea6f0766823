# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Problems that others than the administrator can cause. They affect an endpoint or port, never the repair of the rest.

Root in a namespace controls what is inside, and any user may listen on a port. A new network has nothing open and
nothing to repair, so a problem is an error before the first change. For an existing network, the rules and everything
else are repaired, and the problems are reported at the end.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.published_ports import Published


class Problems:
    """The problems of a plan.

    :param existing: the endpoints that have a link already
    """

    def __init__(self, view: HostView, existing: t.Collection[tuple[str, str]]) -> None:
        self._standing = view.stands
        self._existing = existing
        self._endpoints: dict[tuple[str, str], Endpoint] = {}
        self._unaddressed: set[tuple[str, str]] = set()
        self.warnings: list[str] = []
        #: The problems, for applying the plan.
        self.found: list[dict[str, str | None]] = []

    def of_endpoint(self, endpoint: Endpoint, sentence: str) -> None:
        """Report an endpoint that cannot be as given; raises Refused for a new network."""
        self._stand_or_fall(sentence)
        if self._endpoints.setdefault(endpoint.key, endpoint) is endpoint:
            self.found.append({"namespace": endpoint.namespace, "interface": endpoint.interface, "sentence": sentence})

    def of_address(self, endpoint: Endpoint, sentence: str) -> None:
        """Report an endpoint for which only hearsay addresses are left; raises Refused for a new network."""
        self.of_endpoint(endpoint, sentence)
        self._unaddressed.add(endpoint.key)

    def of_port(self, sentence: str) -> None:
        """Report a port that is not published; raises Refused for a new network."""
        self._stand_or_fall(sentence)
        self.found.append({"namespace": None, "interface": None, "sentence": sentence})

    def of_names(self, sentence: str) -> None:
        """Report a namespace that does not get the names; raises Refused for a new network."""
        self.of_port(sentence)

    def of_card(self, name: str, sentence: str) -> None:
        """Report a missing interface of the host; raises Refused for a new network."""
        self._stand_or_fall(sentence)
        self.found.append({"namespace": None, "interface": name, "sentence": sentence})

    def _stand_or_fall(self, sentence: str) -> None:
        if not self._standing:
            raise Refused(sentence)

    def without_unmade(self, ports: list[Published]) -> list[Published]:
        """The ports without those of endpoints that are not created, and whose addresses others may have."""
        unmade = {
            endpoint.path
            for key, endpoint in self._endpoints.items()
            if key not in self._existing or key in self._unaddressed
        }
        return [port for port in ports if port.path.rpartition(".published_ports")[0] not in unmade]
