"""Chromium over the WebDriver protocol, with nothing but the standard library: what the browser tests share."""
import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]


class Browser:
    def __init__(self, chromium, driver, folder):
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.base = "http://127.0.0.1:" + line.rsplit(" ", 1)[1].strip(" .\n")
                break
        else:
            raise SystemExit("chromedriver did not start")
        options = {"binary": chromium, "args": [*FLAGS, f"--user-data-dir={folder}"]}
        caps = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        self.session = self.call("POST", "/session", {"capabilities": caps})["sessionId"]

    def call(self, method, path, body=None):
        data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as r:
                return json.load(r)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{method} {path}: {json.load(e)['value'].get('message')}") from None

    def do(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def cdp(self, cmd, **params):
        return self.do("POST", "/goog/cdp/execute", {"cmd": cmd, "params": params})

    def find(self, css):
        return self.do("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.do("POST", f"/element/{self.find(css)}/click")

    def type(self, css, text):
        self.do("POST", f"/element/{self.find(css)}/clear")
        self.do("POST", f"/element/{self.find(css)}/value", {"text": text})

    def run(self, script, *args):
        return self.do("POST", "/execute/sync", {"script": script, "args": list(args)})

    def text(self, css):
        return self.run("const e = document.querySelector(arguments[0]); return e && !e.hidden ? e.innerText : null", css)

    def wait(self, what, script, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(script):
                return
            time.sleep(0.05)
        raise AssertionError(f"waited {seconds} s for {what}")

    def size(self, width, height=900):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if width < 500 else 1,
                 mobile=width < 500)

    def scheme(self, name):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def shot(self, path, whole=True):
        page = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(page["data"]))

    def close(self):
        try:
            self.do("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(10)


def check(what, condition):
    print(("ok    " if condition else "FAIL  ") + what)
    if not condition:
        raise AssertionError(what)


def programs():
    """Chromium and its driver; None where one is missing."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    return found if all(found) else None


# Texts whose colour differs from what is behind them by less than WCAG AA asks.
CONTRAST = """
const rgb = s => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = s; c.fillRect(0, 0, 1, 1);
                   return [...c.getImageData(0, 0, 1, 1).data]; };
const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                     return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }
                      return rgb('white'); };
const low = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !e.offsetParent || ['SCRIPT', 'STYLE'].includes(e.tagName) || e.closest(':disabled')) continue;
  const s = getComputedStyle(e), large = parseFloat(s.fontSize) >= 24;
  const [a, b] = [light(rgb(s.color)), light(behind(e))].sort((x, y) => y - x);
  if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) low.push(e.className + ' ' + walk.currentNode.data.trim().slice(0, 20));
}
return low.join('; ');
"""


def fits_and_can_be_used_by_all(b):
    """At every width and in both schemes: no sideways scrolling, labels, words, large targets, contrast."""
    for width in (360, 768, 1280):
        b.size(width)
        check(f"no sideways scrolling at {width}", b.run("return document.documentElement.scrollWidth <= window.innerWidth"))
    check("every field has a label", b.run(
        "return [...document.querySelectorAll('textarea, input, select')].every(e => e.labels.length === 1)"))
    check("every button has words", b.run("return [...document.querySelectorAll('button')].every(e => e.textContent.trim())"))
    check("touch targets are large", b.run(
        "return [...document.querySelectorAll('button:not([hidden])')].every(e => !e.offsetParent || e.offsetHeight >= 44)"))
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        low = b.run(CONTRAST)
        check(f"contrast in {scheme}: {low or 'AA everywhere'}", not low)


def looks(b):
    """Each width in each scheme, by name: for screenshots."""
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            b.size(width)
            b.scheme(scheme)
            yield f"{width}-{scheme}"


def console_is_clean(b):
    """What the browser itself had to complain about: blocked by a page's policy, errors in scripts."""
    bad = [e["message"] for e in b.do("POST", "/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]
    check(f"the console is clean: {bad}", not bad)
