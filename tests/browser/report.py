#!/usr/bin/env python3
"""Uses the page of rm-eval report as a person would, in Chromium: filters, search, keys, hostile texts, 20,000 records.

Usage: report.py RM_EVAL EVAL_RECORDS_PY [FOLDER_FOR_SCREENSHOTS [JUDGED_FILE...]]. Exits 77 with a word where chromium or its driver
is missing. Prints how long the page of 20,000 records takes until it can be used.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from webdriver import Browser, check, console_is_clean, fits_and_can_be_used_by_all, looks, programs

HOSTILE = ("</script><script>document.title='owned'</script><!-- <script> <img src=x onerror=\"document.title='owned'\"> ]]> "
           "\u2028 \u0000 &amp; </style><b>bold</b> </textarea>")
KEYS = {"down": "\ue015", "end": "\ue010", "escape": "\ue00c", "enter": "\ue007"}


def judged(n, right, verdict="A", name="rm-bench", subset="chat", **more):
    """A judged pair whose chosen answer was shown as A."""
    trace = (f"<type>Chat</type>\n<rubric>\nTruth (60%): is it so?\nTone (40%): is it kind?\n<justify>They matter. {more.pop('extra', '')}"
             f"</justify>\n</rubric>\n<eval><quote_A>four</quote_A> <summary_B>wrong</summary_B> number {n}</eval>\n"
             f"<answer>[[{verdict}]]</answer>")
    return {"prompt": f"Question {n}: what is {n}+{n}? {more.pop('question', '')}", "chosen": f"It is {2 * n}. {more.pop('answer', '')}",
            "rejected": "I do not know, and " * (n % 5) + "nobody does.",
            "bench": {"name": name, "version": 1, "subset": subset, "item": f"{n // 9}", "cell": n % 9, "n": 9},
            "judgment": {"verdict": verdict, "preferred": "chosen" if right else "rejected", "correct": right, "confidence": 0.5 + n % 50 / 100,
                         "votes": {"A": int(verdict == "A"), "B": int(verdict == "B"), "none": 0}, "consistent": None,
                         "samples": [{"order": "ab", "verdict": verdict, "reason": "ok", "type": "chat", "text": trace, "reasoning": "",
                                      "p_a": 0.7, "finish_reason": "stop", "usage": {"prompt_tokens": 10, "completion_tokens": 20}}],
                         "model": "m <b>1</b>", "prompt_id": "0", "seed": 0}}


def write(path, records):
    path.write_text("".join(json.dumps(r) + "\n" for r in records))


def make_files(folder):
    """Two runs of one benchmark that differ in every third record; the first holds hostile texts at record 40."""
    first = [judged(n, n % 4 != 0, "B" if n % 4 == 0 else "A") for n in range(90)]
    second = [judged(n, n % 3 != 0, "B" if n % 3 == 0 else "A") for n in range(90)]
    for runs in (first, second):
        runs[40] = judged(40, True, question=HOSTILE, answer=HOSTILE, extra=HOSTILE)
        runs[40]["bench"]["item"] = runs[36]["bench"]["item"]
        runs[41]["judgment"] |= {"verdict": None, "preferred": None, "correct": None}
        runs[41]["judgment"]["samples"][0] |= {"verdict": None, "reason": "length", "text": "<rubric>never ends " + HOSTILE}
        for r in runs[36:45]:
            r["bench"]["subset"] = "code"
    write(folder / "first.jsonl", first)
    write(folder / "second <i>.jsonl", second)


def report(program, folder, files, name, *flags):
    r = subprocess.run([program, "report", *flags, *files, "-o", str(folder / name)], capture_output=True, text=True)
    if r.returncode not in (0, 1):
        raise AssertionError(f"rm-eval report ended with {r.returncode}: {r.stderr}")
    return (folder / name).as_uri()


def open_page(b, url):
    b.do("POST", "/url", {"url": url})
    b.wait("the records", "return document.documentElement.dataset.ready !== undefined")


def keys(b, text, css="#list"):
    b.do("POST", f"/element/{b.find(css)}/value", {"text": text})


def choose(b, css, value):
    b.run("const e = document.querySelector(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change', {bubbles: true}))",
          css, value)


def count(b):
    return b.text("#count")


def figures_stand_without_scripts(b):
    check("both runs have a tile", b.run("return document.querySelectorAll('.tile').length") == 2)
    check("the heat map has nine cells a domain", b.run("return document.querySelector('.heat').querySelectorAll('tbody td').length") == 9)
    check("values are text beside their marks", b.run(
        "return [...document.querySelectorAll('.chart tbody .number')].every(e => /^[+-]?\\d+\\.\\d\\d$|^–$/.test(e.textContent))"))
    check("calibration is drawn", b.run("return document.querySelectorAll('.calibration .curve').length") == 2)
    check("the comparison names its test", "McNemar" in b.run("return document.querySelector('main').innerText"))
    check("a name in a file name is text", b.run("return document.querySelectorAll('main section.bench i b, main td i i').length") == 0)


def filters_and_search(b):
    check("all records are listed", count(b) == "90 of 90 records")
    choose(b, "#subset", "1")
    check("a subset", count(b) == "9 of 90 records")
    choose(b, "#subset", "")
    choose(b, "#outcome", "1")
    check("wrong ones", count(b) == f"{len([n for n in range(90) if n % 4 == 0 and n not in (40, 41)])} of 90 records")
    choose(b, "#outcome", "")
    choose(b, "#verdict", "-")
    check("without a verdict", count(b) == "1 of 90 records")
    choose(b, "#verdict", "")
    choose(b, "#outcome", "differs:1")
    differs = [n for n in range(90) if (n % 4 == 0) != (n % 3 == 0) and n not in (40, 41)]
    check("those that differ between the runs", count(b) == f"{len(differs)} of 90 records")
    b.click("#reset")
    b.wait("all again", "return document.getElementById('count').textContent === '90 of 90 records'")
    b.type("#search", "number 77")  # stands in the trace alone
    b.wait("the search", "return document.getElementById('count').textContent === '1 of 90 records'")
    check("words of a trace are found", "77+77" in b.text("#list"))
    b.type("#search", "ONERROR")
    b.wait("the search", "return document.getElementById('count').textContent === '2 of 90 records'")
    b.click("#reset")
    choose(b, "#sort", "sure")
    check("the surest come first", "99 % sure" in b.run("return document.querySelector('.row').innerText"))
    b.click("#reset")
    b.wait("all again", "return document.getElementById('count').textContent === '90 of 90 records'")


def keys_move(b):
    b.run("document.getElementById('list').focus()")
    selected = "return document.querySelector('.row[aria-selected=true] .row-title')?.textContent"
    keys(b, KEYS["down"])
    b.wait("the first", "return document.querySelector('#record h4') !== null")
    check("down chooses the first", b.run(selected).startswith("Question 0:"))
    keys(b, "jjk")
    check("j and k move", b.run(selected).startswith("Question 1:"))
    keys(b, KEYS["end"])
    check("End goes to the last", b.run(selected).startswith("Question 89:"))
    check("the list tells which one", b.run("const l = document.getElementById('list'); return l.getAttribute('aria-activedescendant')") == "row-89")
    keys(b, KEYS["enter"])
    b.wait("the record", "return document.activeElement.id === 'record'")
    keys(b, "/", "#record")
    check("/ goes to the search", b.run("return document.activeElement.id") == "search")
    keys(b, KEYS["escape"], "#search")
    check("Escape goes back to the list", b.run("return document.activeElement.id") == "list")


def one_record(b, n):
    b.run("choose(arguments[0])", n)
    b.wait("the record", f"return location.hash === '#r{n}' && document.querySelector('#record .answer') !== null")


def hostile_texts_stay_text(b):
    for n in (40, 41):
        one_record(b, n)
        check("nothing became an element", b.run("return document.querySelectorAll('#record img, #record b, #record script, #record style').length") == 0)
    check("a cut trace is told", "cut at its length" in b.text("#record"))
    one_record(b, 40)
    check("it can be read", b.run("return document.getElementById('record').textContent.split('onerror').length") == 4)
    check("tags of the trace are set off", b.run("return [...document.querySelectorAll('#record .part')].map(e => e.dataset.name)")[:3] ==
          ["Kind of task", "Rubric", "Why these criteria"])
    check("the rubric has its weights", b.run("return [...document.querySelectorAll('.criteria .number')].map(e => e.textContent)") == ["60 %", "40 %"])
    check("no script of theirs ran", b.run("return document.title") == "rm-bench – report")
    check("the better answer is marked", "the better one" in b.run("return document.querySelector('#record .answer').innerText"))
    b.run("document.querySelector('#record .others button').click()")
    b.wait("the other run", "return document.getElementById('run').value === '1'")
    choose(b, "#run", "0")


def on_a_phone(b, url):
    b.size(360)
    open_page(b, url)
    b.run("document.getElementById('list').scrollIntoView()")
    b.run("document.querySelector('.row').click()")
    b.wait("the record", "return document.querySelector('#record .answer') !== null")
    check("the record takes the list's place", b.run("return getComputedStyle(document.getElementById('list')).display") == "none")
    check("no sideways scrolling in a record", b.run("return document.documentElement.scrollWidth <= window.innerWidth"))
    b.click(".back")
    check("and gives it back", b.run("return getComputedStyle(document.getElementById('list')).display") != "none")


def large(b, url):
    b.size(1280)
    open_page(b, url)
    ready = int(b.run("return document.documentElement.dataset.ready"))
    check(f"20,000 records can be used after {ready} ms", ready < 2000)
    check("all are listed", count(b) == "20,000 of 20,000 records")
    check("few rows are drawn", b.run("return document.querySelectorAll('.row').length") < 60)
    took = b.run("const t = performance.now(); move(19999); return performance.now() - t")
    b.wait("the last record", "return document.querySelector('#record .answer') !== null")
    check(f"the last one is reached in {took:.0f} ms", took < 500)
    b.run("window.began = performance.now()")
    b.type("#search", "no such words anywhere")
    b.wait("the search of everything", "return document.getElementById('count').textContent.startsWith('0 of') && "
           "!document.getElementById('count').textContent.includes('searching')", 60)
    print(f"      a search of every text takes {b.run('return performance.now() - window.began') / 1000:.1f} s")


def screenshots(b, url, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for look in looks(b):
        open_page(b, url)
        b.shot(folder / f"top-{look}.png")
        b.run("document.querySelector('.row').click()")
        b.wait("the record", "return document.querySelector('#record .answer') !== null")
        b.run("document.getElementById('browser').scrollIntoView()")
        b.shot(folder / f"record-{look}.png", whole=False)


def main():
    found = programs()
    if not found:
        print("skipped: needs chromium and chromium-driver (Debian packages)")
        return 77
    program, generator = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        make_files(folder)
        url = report(program, folder, [str(folder / "first.jsonl"), str(folder / "second <i>.jsonl")], "small.html", "--partial")
        with open(folder / "large.jsonl", "w") as out:
            subprocess.run([sys.executable, generator, "20000"], stdout=out, check=True)
        b = Browser(*found, name)
        try:
            b.size(1280)
            open_page(b, url)
            for step in (figures_stand_without_scripts, filters_and_search, keys_move, hostile_texts_stay_text, fits_and_can_be_used_by_all):
                step(b)
            on_a_phone(b, url)
            large(b, report(program, folder, [str(folder / "large.jsonl")], "large.html"))
            console_is_clean(b)
            if len(sys.argv) > 3:
                shown = report(program, folder, sys.argv[4:], "shown.html", "--partial") if len(sys.argv) > 4 else url
                screenshots(b, shown, pathlib.Path(sys.argv[3]))
        finally:
            b.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
