# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the places given as "ADDRESS PORT" answers, and with whose name: a dictionary in JSON."""

from __future__ import annotations

import json
import re
import socket
import sys
from concurrent.futures import ThreadPoolExecutor


def look(place: str) -> str:
    address, port = place.split()
    try:
        with socket.create_connection((address, int(port)), timeout=3) as connection:
            connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            server = re.search(rb"^Server: (\w+)", connection.recv(4096), re.MULTILINE)
            return server.group(1).decode() if server else "silent"
    except OSError:
        return "closed"


places = sys.argv[1:]
with ThreadPoolExecutor(32) as threads:
    answers = list(threads.map(look, places))
sys.stdout.write(json.dumps({place: answers[number] for number, place in enumerate(places)}))
