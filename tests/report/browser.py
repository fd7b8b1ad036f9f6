"""A real Chromium without a window, driven over its debugging pipe; nothing is installed for it."""

import base64
import contextlib
import fcntl
import json
import os
import shutil
import signal
import time

CHROMIUM = shutil.which("chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--remote-debugging-pipe"),
    # whatever a page asked of a network would fail, and be seen
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


class Page:
    """One tab: what it asked for, what it complained of, and what it answers."""

    def __init__(self, send, receive):
        self._to, self._from, self._left = send, receive, b""
        self.events, self._number, self._session = [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _read(self):
        raw = bytearray()
        while not raw.endswith(b"\0"):
            part = self._from.read1(1 << 20) if not self._left else b""
            self._left += part
            assert self._left, "the browser is gone"
            end = self._left.find(b"\0") + 1 or len(self._left)
            raw += self._left[:end]
            self._left = self._left[end:]
        message = json.loads(raw[:-1])
        if "method" in message:
            self.events.append(message)
        return message

    def open(self, file, *, width=1280, height=800, dark=False, script=True):
        self.events.clear()
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=file.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._read()

    def js(self, expression):
        """The value of an expression; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def settle(self):
        """Wait until what was asked for has been painted."""
        self.js("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def picture(self, **clip):
        options = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True} if clip else {}
        return base64.b64decode(self.call("Page.captureScreenshot", **options)["data"])

    def complaints(self):
        """Errors and warnings of the console, exceptions, and broken policies."""
        found = []
        for event in self.events:
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"].get("text", "exception"))
            elif event["method"] == "Log.entryAdded":
                found.append(params["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(" ".join(str(arg.get("value")) for arg in params["args"]))
        return found

    def requests(self):
        """Every address that the page asked for, but for data that it carries itself."""
        asked = [e["params"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        return [
            request["request"]["url"]
            for request in asked
            if not request["request"]["url"].startswith(("data:", "blob:"))
        ]


@contextlib.contextmanager
def browser(profile):
    """A page in a browser with a profile of its own, ended with the block."""
    (orders, to_browser), (from_browser, answers) = os.pipe(), os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (orders, answers)]
    nowhere = [(os.POSIX_SPAWN_OPEN, end, os.devnull, os.O_RDWR, 0) for end in (0, 1, 2)]
    # Chromium reads orders from 3 and answers on 4. Spawned, not forked: JAX's threads forbid that.
    pipes = [(os.POSIX_SPAWN_DUP2, end, number) for end, number in zip(high, (3, 4), strict=True)]
    arguments = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}"]
    pid = os.posix_spawn(CHROMIUM, arguments, os.environ, file_actions=[*nowhere, *pipes])
    for end in (orders, answers, *high):
        os.close(end)
    try:
        with os.fdopen(from_browser, "rb") as receive:
            yield Page(to_browser, receive)
    finally:
        os.close(to_browser)  # the browser ends when its orders do
        for _ in range(100):
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                break
            time.sleep(0.05)
        else:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
