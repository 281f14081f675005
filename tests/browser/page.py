#!/usr/bin/env python3
"""Uses the server's page as a person would, in Chromium, over the WebDriver protocol. Nothing but the standard library.

Usage: page.py SERVE_PROBE [FOLDER_FOR_SCREENSHOTS]. Exits 77 with a word where chromium or its driver is missing.
"""
import base64
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script></textarea><b>bold</b>"


class Browser:
    def __init__(self, driver, chromium, folder):
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.base = "http://127.0.0.1:" + line.rsplit(" ", 1)[1].strip(" .\n")
                break
        else:
            raise SystemExit("page.py: chromedriver did not start")
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

    def shot(self, path):
        page = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=True)
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


VERDICT = "return !document.getElementById('verdict').hidden"
IDLE = "return !document.getElementById('judge').disabled"


def fill(b, question, a, answer_b):
    for css, text in (("#question", question), ("#a", a), ("#b", answer_b)):
        b.type(css, text)


def judges_as_a_person_would(b):
    fill(b, "What is 2+2?", "It is 4. That is right.", "It is 5. That is wrong.")
    b.click("#judge")
    b.wait("the first words of the trace", "return document.querySelector('.trace .text')?.innerText.length > 0")
    check("it can be cancelled while it writes", b.run("return !document.getElementById('cancel').hidden"))
    check("the reasoning streams before the verdict is there", not b.run(VERDICT))
    b.wait("the verdict", VERDICT)
    check("the verdict is told to screen readers", b.text("#status") == "Answer A is better.")
    check("the verdict is big", b.text("#verdict .big") == "A")
    check("the rubric has its weights", b.text("#criteria").split("\n")[:2] == ["Truth", "50 %"])
    check("tags are set off", b.run("return [...document.querySelectorAll('.part')].map(e => e.dataset.name)")[:3] ==
          ["Kind of task", "Rubric", "Why these criteria"])
    check("no tag is left in the text", "<" not in b.run("return document.querySelector('.trace .text').textContent"))


def both_orders_and_keys(b):
    b.click("#both")
    b.do("POST", f"/element/{b.find('#b')}/value", {"text": "\ue009\ue007"})  # Ctrl+Enter
    b.wait("a new run", "return document.getElementById('judge').disabled")
    b.wait("the verdict", VERDICT)
    b.wait("the end", IDLE)
    check("both orders are shown", b.run("return document.querySelectorAll('.trace').length") == 2)
    check("agreement is said", "both orders" in b.text("#verdict"))
    check("the other order names your answer", "your A" in b.run("return document.querySelectorAll('.trace')[1].innerText"))
    check("orders stand side by side", b.run(
        "const t = document.querySelectorAll('.trace'); return t[0].offsetTop === t[1].offsetTop && t[0].offsetLeft < t[1].offsetLeft"))


def strange_texts_stay_text(b):
    fill(b, HOSTILE, HOSTILE + " right", HOSTILE + " wrong")
    b.click("#judge")
    b.wait("the verdict", VERDICT)
    b.wait("the end", IDLE)
    check("nothing pasted became an element", b.run("return document.querySelectorAll('main img, main b, main script').length") == 0)
    # The same from the model: what it writes goes through the same door.
    b.run("const t = new Trace(''); document.getElementById('traces').append(t.box);"
          "for (const c of arguments[0]) t.push(c); t.end()", "<eval>" + HOSTILE + "</eval><answer>[[A]]</answer>")
    check("nothing the model writes becomes an element", b.run(
        "return document.querySelectorAll('#traces img, #traces b, #traces script').length") == 0)
    check("but it can be read", b.run("return document.getElementById('traces').textContent.includes('onerror')"))
    check("no script of theirs ran", b.run("return document.title") == "rm-judge")


def troubles_are_told(b):
    fill(b, "What is 2+2? [no verdict]", "4", "5")
    b.click("#judge")
    b.wait("the verdict", VERDICT)
    check("a missing verdict is said", "No verdict" in b.text("#verdict") and "without naming" in b.text("#verdict"))
    b.wait("the end", IDLE)
    fill(b, "What is 2+2?", "right", "wrong")
    b.click("#judge")
    b.wait("the trace", "return document.querySelector('.trace .text')?.innerText.length > 0")
    b.click("#cancel")
    b.wait("the end", IDLE)
    check("stopping is said", b.text("#status") == "You stopped the judge.")
    check("nothing is written on", b.run("return document.querySelectorAll('.writing').length") == 0)


def fits_and_can_be_used_by_all(b):
    for width in (360, 768, 1280):
        b.size(width)
        check(f"no sideways scrolling at {width}", b.run("return document.documentElement.scrollWidth <= window.innerWidth"))
    check("every field has a label", b.run(
        "return [...document.querySelectorAll('textarea, input')].every(e => e.labels.length === 1)"))
    check("every button has words", b.run("return [...document.querySelectorAll('button')].every(e => e.textContent.trim())"))
    check("touch targets are large", b.run(
        "return [...document.querySelectorAll('button:not([hidden])')].every(e => e.offsetHeight >= 44)"))
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        low = b.run(CONTRAST)
        check(f"contrast in {scheme}: {low or 'AA everywhere'}", not low)


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


def screenshots(b, url, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            b.size(width)
            b.scheme(scheme)
            b.do("POST", "/url", {"url": url})
            b.wait("the model's name", "return document.getElementById('model').className === 'ok'")
            b.shot(folder / f"empty-{width}-{scheme}.png")
            b.click("[data-example='0']")
            b.click("#judge")
            b.wait("some text", "return document.querySelector('.trace .text')?.innerText.length > 300")
            b.shot(folder / f"reading-{width}-{scheme}.png")
            b.wait("the end", IDLE)
            time.sleep(0.7)
            b.shot(folder / f"verdict-{width}-{scheme}.png")
            b.click("#both")
            b.click("#judge")
            b.wait("both orders", "return document.querySelectorAll('.trace').length === 2")
            b.wait("the end", IDLE)
            time.sleep(0.7)
            b.shot(folder / f"both-{width}-{scheme}.png")


def main():
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        print("skipped: needs chromium and chromium-driver (Debian packages)")
        return 77
    probe = subprocess.Popen([sys.argv[1], "--pause", "25"], stdout=subprocess.PIPE, text=True)
    url = probe.stdout.readline().strip()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        b = Browser(driver, chromium, folder)
        try:
            b.size(1280)
            b.do("POST", "/url", {"url": url})
            for step in (judges_as_a_person_would, both_orders_and_keys, strange_texts_stay_text, troubles_are_told,
                         fits_and_can_be_used_by_all):
                step(b)
            # What the browser itself had to complain about: blocked by the page's policy, errors in scripts.
            bad = [e["message"] for e in b.do("POST", "/se/log", {"type": "browser"}) if e["level"] == "SEVERE"]
            check(f"the console is clean: {bad}", not bad)
            if len(sys.argv) > 2:
                screenshots(b, url, pathlib.Path(sys.argv[2]))
        finally:
            b.close()
            probe.terminate()
            code = probe.wait(30)
    check("the server ended well", code == 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
