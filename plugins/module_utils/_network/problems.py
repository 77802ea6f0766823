# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What others than the administrator can bring about: it costs one endpoint or port, never the repair of the network.

The root of a namespace says what is inside it, and any user may listen on a port. Where nothing of the network is there
yet, nothing can be open and nothing is to be repaired, so there it is an error before anything is changed. Where the
network stands, its rules and all that can be are put right, and the rest is told at the end.
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
        #: For whoever carries the plan out.
        self.found: list[dict[str, str | None]] = []

    def of_endpoint(self, endpoint: Endpoint, sentence: str) -> None:
        """An endpoint that cannot be as it is wished; raises Refused where the network does not stand yet."""
        self._stand_or_fall(sentence)
        if self._endpoints.setdefault(endpoint.key, endpoint) is endpoint:
            self.found.append({"namespace": endpoint.namespace, "interface": endpoint.interface, "sentence": sentence})

    def of_address(self, endpoint: Endpoint, sentence: str) -> None:
        """An endpoint that gets no address which nobody else says he has; raises Refused as for any problem of one."""
        self.of_endpoint(endpoint, sentence)
        self._unaddressed.add(endpoint.key)

    def of_port(self, sentence: str) -> None:
        """A port that is not published; raises Refused where the network does not stand yet."""
        self._stand_or_fall(sentence)
        self.found.append({"namespace": None, "interface": None, "sentence": sentence})

    def of_card(self, name: str, sentence: str) -> None:
        """An interface of the host that is not there; raises Refused as above."""
        self._stand_or_fall(sentence)
        self.found.append({"namespace": None, "interface": name, "sentence": sentence})

    def _stand_or_fall(self, sentence: str) -> None:
        if not self._standing:
            raise Refused(sentence)

    def without_unmade(self, ports: list[Published]) -> list[Published]:
        """Without the ports of endpoints that are not made, whose addresses may be somebody else's."""
        unmade = {
            endpoint.path
            for key, endpoint in self._endpoints.items()
            if key not in self._existing or key in self._unaddressed
        }
        return [port for port in ports if port.path.rpartition(".published_ports")[0] not in unmade]
