# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows by which attributes of links are validated, read and written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import link_attributes
from tests.lab.paths import REPOSITORY

TABLES = {
    "bridge": (link_attributes.MTU, *link_attributes.BRIDGE),
    "bridge_port": link_attributes.BRIDGE_PORT,
    "veth": link_attributes.VETH,
}
ROWS = [row for table in TABLES.values() for row in table]


@given(st.data(), st.sampled_from(ROWS))
def test_what_is_written_is_read_back(data: st.DataObject, row: link_attributes.Attribute) -> None:
    value = data.draw(st.booleans() if row.switch else st.integers(row.least, row.greatest))
    found = row.read(row.write(value))
    assert (found, type(found)) == (value, type(value))


@given(st.sampled_from([row for row in ROWS if not row.switch]))
def test_what_is_out_of_range_is_refused(row: link_attributes.Attribute) -> None:
    for value in (row.least - 1, row.greatest + 1):
        with pytest.raises(Invalid, match=f"{row.least} to {row.greatest}"):
            link_attributes.given((row,), {row.name: value})
    assert link_attributes.given((row,), {row.name: None}) == {}


def test_a_part_of_the_kernels_unit_is_not_lost() -> None:
    (delay,) = (row for row in link_attributes.BRIDGE if row.name == "forward_delay")
    assert delay.read(delay.form.pack(250)) == 2.5


@pytest.mark.parametrize("name", TABLES)
def test_every_row_is_documented_as_an_option(name: str) -> None:
    source = (REPOSITORY / "plugins" / "modules" / f"{name}.py").read_text()
    documentation = yaml.safe_load(source.split('r"""')[1].split('"""')[0])
    for row in TABLES[name]:
        assert documentation["options"][row.name]["type"] == row.option["type"]
