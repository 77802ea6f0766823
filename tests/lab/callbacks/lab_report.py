# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the results of all tasks to the file in LAB_REPORT, as JSON that tests/lab/playbooks.py reads."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: lab_report
type: aggregate
short_description: Results of all tasks as JSON for tests
description: [Used by the tests of netplumb.linuxnet.]
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "lab_report"

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[dict[str, Any]] = []

    def _add(self, status: str, outcome: Any) -> None:
        result = {key: value for key, value in outcome.result.items() if key != "invocation"}
        self._entries.append(
            {
                "name": outcome.task.get_name(),
                "action": outcome.task.action,
                "host": outcome.host.get_name(),
                "status": status,
                "result": result,
            }
        )

    def v2_runner_on_ok(self, result: Any) -> None:
        self._add("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._add("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._add("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._add("unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        with open(os.environ["LAB_REPORT"], "w", encoding="utf-8") as report:
            json.dump(self._entries, report, default=str)
