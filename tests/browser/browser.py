# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a headless Chromium by its DevTools protocol over a pipe. It has no network.

with Browser(directory) as browser:
    browser.show(path, width=390, height=800, dark=True)
    browser.click("#search")
    browser.type("8080")
    browser.value("document.title")
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from tests.browser import chromium

_SECONDS = 60
_KEYS = {
    "Enter": 13, "Escape": 27, "Tab": 9, "ArrowRight": 39, "ArrowDown": 40, "ArrowLeft": 37, "ArrowUp": 38, "Home": 36,
    "End": 35, "/": 191, "Backspace": 8,
}  # fmt: skip
_TEXT = {"Enter": "\r", "/": "/"}


class Browser:
    """A browser with one tab. ``complaints`` are errors, warnings and requests that left the page."""

    def __init__(self, directory: Path) -> None:
        program, variables = chromium.command()
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        options = [
            "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={directory}/profile",
        ]  # fmt: skip
        # Of the shells, bash knows descriptors of two digits.
        redirected = ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *program, "--headless", *options]
        environment = os.environ | variables | {"HOME": str(directory)}
        self._process = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--net", *redirected],
            env=environment,
            pass_fds=(to_read, to_write),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._buffer = b""
        self._session: str | None = None
        self._seen: set[str] = set()
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        try:
            target = self._call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for part in ("Page", "Runtime", "Log", "Network", "Accessibility"):
                self._call(f"{part}.enable")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the browser and all its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        for answer in self._messages():
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']['message']}")
                return answer["result"]
        raise AssertionError(f"{method}: no answer")

    def _messages(self) -> Iterator[dict[str, Any]]:
        end = time.monotonic() + _SECONDS
        while True:
            while b"\0" in self._buffer:
                text, self._buffer = self._buffer.split(b"\0", 1)
                message = json.loads(text)
                self._note(message)
                yield message
            if not select.select([self._read], [], [], max(0.0, end - time.monotonic()))[0]:
                raise AssertionError(f"the browser has not answered within {_SECONDS} s")
            more = os.read(self._read, 1 << 20)
            if not more:
                raise AssertionError("the browser has ended")
            self._buffer += more

    def _note(self, message: dict[str, Any]) -> None:
        method, told = message.get("method", ""), message.get("params", {})
        self._seen.add(method)
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.complaints.append(str([one.get("value") for one in told["args"]]))
        elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(("file:", "data:")):
            self.complaints.append(f"request: {told['request']['url']}")

    def show(self, page: Path, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Open a page; a narrow window is a phone's."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._seen.discard("Page.loadEventFired")
        self._call("Page.navigate", url=page.as_uri())
        if "Page.loadEventFired" not in self._seen:
            next(one for one in self._messages() if one.get("method") == "Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def click(self, selector: str, text: str = "") -> None:
        """Click on the first visible element, with this text in it if given, where it is on the screen."""
        find = (
            f"[...document.querySelectorAll({json.dumps(selector)})].find(one => one.offsetParent !== null"
            f" && one.textContent.includes({json.dumps(text)}))"
        )
        place = self.value(
            f"(() => {{ const one = {find}; if (!one) return null; one.scrollIntoView({{block: 'center'}});"
            " const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        assert place, f"there is no visible {selector} with {text!r}"
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            told = {"key": key, "windowsVirtualKeyCode": _KEYS[key]}
            down = "keyDown" if key in _TEXT else "rawKeyDown"
            self._call("Input.dispatchKeyEvent", type=down, **told, **({"text": _TEXT[key]} if key in _TEXT else {}))
            self._call("Input.dispatchKeyEvent", type="keyUp", **told)

    def type(self, text: str) -> None:
        """Enter text where the focus is, in place of what is there."""
        self.value("document.activeElement.select()")
        self._call("Input.insertText", text=text)

    def tree(self) -> list[tuple[str, str]]:
        """Roles and names as a screen reader gets them."""
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        told = [node for node in nodes if not node.get("ignored")]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in told]

    def picture(self, file: Path, whole: bool = False) -> None:
        """Write a screenshot, of the whole page or of what is in the window."""
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))
