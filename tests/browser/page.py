#!/usr/bin/env python3
"""Uses the server's page as a person would, in Chromium, over the WebDriver protocol. Nothing but the standard library.

Usage: page.py SERVE_PROBE [FOLDER_FOR_SCREENSHOTS]. Exits 77 with a word where chromium or its driver is missing.
"""
import pathlib
import subprocess
import sys
import tempfile
import time

from webdriver import Browser, check, console_is_clean, fits_and_can_be_used_by_all, looks, programs

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script></textarea><b>bold</b>"


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
    b.run("const t = new Trace('', 'your '); document.getElementById('traces').append(t.box);"
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


def screenshots(b, url, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for look in looks(b):
        b.do("POST", "/url", {"url": url})
        b.wait("the model's name", "return document.getElementById('model').className === 'ok'")
        b.shot(folder / f"empty-{look}.png")
        b.click("[data-example='0']")
        b.click("#judge")
        b.wait("some text", "return document.querySelector('.trace .text')?.innerText.length > 300")
        b.shot(folder / f"reading-{look}.png")
        b.wait("the end", IDLE)
        time.sleep(0.7)
        b.shot(folder / f"verdict-{look}.png")
        b.click("#both")
        b.click("#judge")
        b.wait("both orders", "return document.querySelectorAll('.trace').length === 2")
        b.wait("the end", IDLE)
        time.sleep(0.7)
        b.shot(folder / f"both-{look}.png")


def main():
    found = programs()
    if not found:
        print("skipped: needs chromium and chromium-driver (Debian packages)")
        return 77
    probe = subprocess.Popen([sys.argv[1], "--pause", "25"], stdout=subprocess.PIPE, text=True)
    url = probe.stdout.readline().strip()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        b = Browser(*found, folder)
        try:
            b.size(1280)
            b.do("POST", "/url", {"url": url})
            for step in (judges_as_a_person_would, both_orders_and_keys, strange_texts_stay_text, troubles_are_told,
                         fits_and_can_be_used_by_all):
                step(b)
            console_is_clean(b)
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
