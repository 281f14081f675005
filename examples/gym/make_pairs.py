#!/usr/bin/env python3
"""Short preference pairs whose better answer is decided by rule: the gym's questions.

    python3 make_pairs.py --out DIR [--seed 1] [--sft 32] [--rl 1280] [--tune 192] [--held 640] [--kinds fact,who,...] [--check]

Writes DIR/sft.jsonl and DIR/rl.jsonl (templates, names and words of their own, no record in both), DIR/tune.jsonl and DIR/held.jsonl,
each with templates, names and words that no other split has. A record is {prompt, chosen, rejected, kind, template, split, step, need,
says: {answer: what it says}}; step, need and says are for the teacher and are never shown to a judge.

Items are made in twos. Twins have the same two answers, and questions that differ in what decides between them, so that each answer is
chosen once and rejected once: over a file no length, word or form of an answer, read without its question, is right more often than
wrong. Which answer stands first is for the programs to draw (a hash of the texts and the seed). --check counts all this and ends with 1
where it does not hold. Equal arguments give equal bytes.
"""
import argparse
import collections
import json
import os
import random
import re
import sys

NAMES = {
    "train": "Tom Ann Bob Sue Max Eva Ben Mia Sam Zoe Dan Amy Leo Kim Jack Rose Paul Jane Mark Lucy Adam Emma Carl Ruth".split(),
    "tune": "Fred Nina Hugo Vera Otto Jill Ivan Lily Alan Gina".split(),
    "held": "Peter Laura Simon Clara Frank Helen Oscar Julia Henry Alice Victor Nora Ralph Diana Chris Sarah".split(),
}
THINGS = {  # what can be had, bought, counted
    "train": "pens books cups coins maps keys hats cards eggs bags balls shirts".split(),
    "tune": "forks bricks seeds stamps shoes".split(),
    "held": "boxes chairs lamps apples tickets flowers bottles stones".split(),
}
WORDS = {  # single words, none of which implies another
    "train": "red blue green tea milk bread fish rice rain snow sun wind dog cat horse bird lake hill road bridge gold iron wood glass".split(),
    "tune": "brown pink soup cake storm cloud goat duck".split(),
    "held": "white black coffee butter cheese river forest mountain silver paper stone tiger mouse rabbit garden window".split(),
}

# fact: what is said of each of three, how it is asked for, how an answer may be worded, what a value is. {n} an owner, {v} a value,
# {t} a thing. No answer names an owner: it would fit the question of one twin only.
FACTS = {
    "train": [
        ("{n} has {v} {t}", "How many {t} does {n} have?", ["{v}.", "{v} {t}.", "It is {v}."], "number"),
        ("{n} sits in row {v}", "In which row is {n}?", ["Row {v}.", "{v}.", "In row {v}."], "number"),
        ("{n} is {v} years old", "How old is {n}?", ["{v}.", "{v} years.", "Age {v}."], "number"),
        ("{n} likes {v}", "What does {n} like?", ["{v}.", "It is {v}."], "word"),
        ("{n} drew a picture of {v}", "What did {n} draw?", ["{v}.", "A picture of {v}.", "Some {v}."], "word"),
        ("{n} pays {v} dollars", "What does {n} pay?", ["{v}.", "{v} dollars.", "Just {v}."], "number"),
        ("{n} talks about {v}", "What is {n} talking about?", ["{v}.", "About {v}."], "word"),
        ("{n} lives at number {v}", "At which number does {n} live?", ["{v}.", "Number {v}.", "At {v}."], "number"),
    ],
    "tune": [
        ("{n} took bus {v}", "Which bus did {n} take?", ["{v}.", "Bus {v}."], "number"),
        ("{n} wrote about {v}", "What was the text by {n} about?", ["{v}.", "It was about {v}.", "About {v}."], "word"),
        ("{n} found {v} {t}", "What number of {t} did {n} find?", ["{v}.", "{v} {t}."], "number"),
    ],
    "held": [
        ("{n} scored {v} points", "Tell me the points of {n}.", ["{v}.", "{v} points.", "They are {v}."], "number"),
        ("{n} chose {v}", "Name the choice of {n}.", ["{v}.", "The choice was {v}."], "word"),
        ("the code of {n} is {v}", "Give the code of {n}.", ["{v}.", "The code is {v}.", "Code {v}."], "number"),
        ("{n} dreams of {v}", "What fills the dreams of {n}?", ["{v}.", "Lots of {v}."], "word"),
        ("{n} sold {v} {t}", "How many {t} were sold by {n}?", ["{v}.", "{v} {t}.", "I count {v}."], "number"),
    ],
}
# who: the other way round.
OWNERS = {
    "train": [
        ("row {v} is for {n}", "Who sits in row {v}?", "number"), ("the {v} is from {n}", "Who brought the {v}?", "word"),
        ("number {v} is {n}", "Who has number {v}?", "number"), ("{v} is what {n} likes", "Who likes {v}?", "word"),
        ("room {v} went to {n}", "Who got room {v}?", "number"), ("the {v} belongs to {n}", "Who owns the {v}?", "word"),
    ],
    "tune": [("seat {v} was given to {n}", "Who was in seat {v}?", "number"), ("the {v} was drawn by {n}", "Whose work is the {v}?", "word")],
    "held": [
        ("box {v} hides the gift of {n}", "Whose gift is in box {v}?", "number"), ("the {v} was seen by {n}", "Name the one who saw the {v}.", "word"),
        ("page {v} shows {n}", "Who can be found on page {v}?", "number"), ("the {v} reminds us of {n}", "Of whom does the {v} remind us?", "word"),
    ],
}
OWNER = {"train": ["{n}.", "It is {n}.", "{n} is it."], "tune": ["{n}.", "That is {n}.", "{n}, of course."],
         "held": ["{n}.", "That would be {n}.", "I think {n}."]}

# more: a comparison of two numbers; (what is said, ask for the larger, ask for the smaller).
MORE = {
    "train": [("{n} is {v} years old", "Who is older?", "Who is younger?"), ("{n} has {v} {t}", "Who has more?", "Who has fewer?"),
              ("{n} weighs {v} kilos", "Who is heavier?", "Who is lighter?"), ("{n} pays {v} dollars", "Who pays more?", "Who pays less?"),
              ("{n} ran {v} miles", "Who ran farther?", "Who ran less far?"), ("{n} waited {v} days", "Who waited longer?", "Who waited less?"),
              ("{n} has {v} {t}", "Who has the most {t}?", "Who has the fewest {t}?"),
              ("{n} lifts {v} pounds", "Who is stronger?", "Who is weaker?")],
    "tune": [("{n} read {v} pages", "Who read more?", "Who read less?"), ("{n} slept {v} hours", "Whose sleep was longer?", "Whose sleep was shorter?"),
             ("{n} found {v} {t}", "Name the one with more {t}.", "Name the one with fewer {t}.")],
    "held": [("{n} scored {v} points", "Who has the higher score?", "Who has the lower score?"),
             ("{n} sold {v} {t}", "Who was the better seller?", "Who sold the smaller number?"),
             ("the tower of {n} has {v} steps", "Whose tower is higher?", "Whose tower is lower?"),
             ("{n} saved {v} coins", "Name the richer one.", "Name the poorer one."),
             ("the box of {n} is {v} inches wide", "Whose box is bigger?", "Whose box is smaller?")],
}
# even: likewise, ask for the even one, ask for the odd one.
EVEN = {
    "train": [("{n} has {v} {t}", "Who has an even number?", "Who has an odd number?"),
              ("{n} lives at number {v}", "Whose number is even?", "Whose number is odd?"),
              ("{n} drew card {v}", "Who drew an even card?", "Who drew an odd card?"),
              ("{n} sits in row {v}", "Who is in an even row?", "Who is in an odd row?")],
    "tune": [("{n} rolled {v}", "Whose roll was even?", "Whose roll was odd?"), ("{n} took bus {v}", "Which bus was even?", "Which bus was odd?")],
    "held": [("{n} wears shirt {v}", "Find the even shirt.", "Find the odd shirt."),
             ("{n} scored {v} points", "Are there even points, and whose?", "Are there odd points, and whose?"),
             ("the code of {n} is {v}", "Name the owner of the even code.", "Name the owner of the odd code.")],
}

# sum: (question that adds, question that subtracts): twins have the same numbers and differ in what is to be done with them.
SUMS = {
    "train": [("{n} has {a} {t} and gets {b} more. How many now?", "{n} has {a} {t} and loses {b}. How many now?"),
              ("What is {a} plus {b}?", "What is {a} minus {b}?"), ("{a} {t}, then {b} more: how many?", "{a} {t}, then {b} fewer: how many?"),
              ("{n} is {a}. How old in {b} years?", "{n} is {a}. How old {b} years ago?"),
              ("{n} had {a} {t} and made {b}. How many are there?", "{n} had {a} {t} and ate {b}. How many are there?")],
    "tune": [("Add {b} to {a}.", "Take {b} from {a}."),
             ("{n} kept {a} {t} and bought {b}. How many remain?", "{n} kept {a} {t} and broke {b}. How many remain?")],
    "held": [("Find the sum of {a} and {b}.", "Find {a} less {b}."),
             ("{n} owned {a} {t} and won {b}. Give the number.", "{n} owned {a} {t} and sold {b}. Give the number."),
             ("To {a} {t} come {b} others. Count them.", "From {a} {t} go {b} away. Count them.")],
}
TOTAL = {"train": ["{v}.", "It is {v}.", "{v} in all."], "tune": ["{v}.", "That is {v}."], "held": ["{v}.", "The result is {v}.", "{v}, I think."]}

# word: an answer has to use a word, or must not; what is asked is always one of the two words that the answers use.
WORD = {
    "train": [("Write a line with the word {w}.", True), ("Write a line without the word {w}.", False), ("Say something about {w}.", True),
              ("Say anything, but never mention {w}.", False), ("Use the word {w} in a sentence.", True), ("Do not use the word {w}.", False)],
    "tune": [("Your text must contain {w}.", True), ("Your text must not contain {w}.", False)],
    "held": [("Make sure that {w} appears.", True), ("Make sure that {w} does not appear.", False), ("I want to read about {w}.", True),
             ("I do not want to read about {w}.", False)],
}
LINES = {"train": ["We saw the {w}.", "I like {w} a lot.", "Here is {w}.", "There was {w} again."], "tune": ["Look at the {w}.", "It is all {w}."],
         "held": ["They spoke of {w}.", "My favourite is {w}.", "Nothing beats {w}.", "This one is {w}."]}

# form: how the answer has to be written. Of each form: what it makes of a text without its end, and where it shows: in the first word,
# the first mark or the last. An item has two forms that are each other's opposite.
FORMS = {
    "capitals": (str.upper, lambda s: s.split()[0]), "small": (str.lower, lambda s: s.split()[0]),
    "question": (lambda s: s + "?", lambda s: s[-1]), "statement": (lambda s: s + ".", lambda s: s[-1]),
    "quotes": (lambda s: f'"{s}"', lambda s: s[0]), "plain": (lambda s: s, lambda s: s.split()[0]),
    "list": (lambda s: "- " + s, lambda s: s[0]), "line": (lambda s: s, lambda s: s.split()[0]),
}
FORM = {  # (ask for one form, that form, ask for its opposite, the opposite)
    "train": [("Write it in capitals.", "capitals", "Write it in small letters.", "small"),
              ("Answer with a question.", "question", "Answer with a statement.", "statement"),
              ("Put it in quotes.", "quotes", "Use no quotes.", "plain"), ("Make a list.", "list", "Make no list.", "line")],
    "tune": [("All capitals, please.", "capitals", "All small letters, please.", "small"), ("Ask me.", "question", "Tell me.", "statement")],
    "held": [("All letters must be capitals.", "capitals", "All letters must be small.", "small"),
             ("Reply by asking.", "question", "Reply, but do not ask.", "statement")],
}


# count: an answer has to have so many words.
COUNT = {
    "train": ["Write {c} words.", "List {c} things.", "Name {c} things that you like.", "Answer with {c} words.", "I want {c} words."],
    "tune": ["Send {c} words.", "Your answer has {c} words."], "held": ["Give me exactly {c} items.", "It takes {c} words to answer.", "Think of {c} things."],
}
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


def upper_first(text):
    return text[0].upper() + text[1:]


def story(says, names, values):
    return upper_first(", ".join(says.replace("{n}", n).replace("{v}", str(v)) for n, v in zip(names, values))) + "."


def values_of(rng, split, value_is, count):
    return list(map(str, rng.sample(range(2, 60), count))) if value_is == "number" else rng.sample(WORDS[split], count)


# Each kind returns the number of its template, and of both twins: (question, step, need), the answer, what the answer says.
def fact(rng, split, facts=3):
    t = rng.randrange(len(FACTS[split]))
    says, ask, answers, value_is = FACTS[split][t]
    names, thing = rng.sample(NAMES[split], facts), rng.choice(THINGS[split])
    values = values_of(rng, split, value_is, facts)
    told, before = story(says, names, values), says.split("{v}")[0].strip()
    twins = []
    for i in rng.sample(range(facts), 2):
        answer = upper_first(rng.choice(answers).replace("{v}", values[i]))
        asked = ask.replace("{n}", names[i])
        twins.append(tuple(x.replace("{t}", thing) for x in (f"{told} {asked}", before.replace("{n}", names[i]), values[i], answer, values[i])))
    return t, twins


def who(rng, split, facts=3):
    t = rng.randrange(len(OWNERS[split]))
    says, ask, value_is = OWNERS[split][t]
    names, values = rng.sample(NAMES[split], facts), values_of(rng, split, value_is, facts)
    told, before = story(says, names, values), says.split("{n}")[0].strip()
    twins = []
    for i in rng.sample(range(facts), 2):
        answer = rng.choice(OWNER[split]).replace("{n}", names[i])
        twins.append((f"{told} {ask.replace('{v}', values[i])}", before.replace("{v}", values[i]), names[i], answer, names[i]))
    return t, twins


def one_of_two(rng, split, table, values, *asked):
    """Two owners with a number each; `asked` has the step and the number of the template's two questions."""
    t = rng.randrange(len(table[split]))
    says, *asks = table[split][t]
    names = rng.sample(NAMES[split], 2)
    told = story(says, names, values).replace("{t}", rng.choice(THINGS[split]))
    twins = []
    for ask, (step, value) in zip(asks, asked):
        name = names[values.index(value)]
        twins.append((f"{told} {ask}", step, str(value), rng.choice(OWNER[split]).replace("{n}", name), f"{name} {value}"))
    return t, twins


def more(rng, split):
    values = rng.sample(range(11, 99), 2)
    return one_of_two(rng, split, MORE, values, ("larger:", max(values)), ("smaller:", min(values)))


def even(rng, split):
    values = [2 * rng.randint(6, 49), 2 * rng.randint(6, 49) - 1]
    rng.shuffle(values)
    return one_of_two(rng, split, EVEN, values, *sorted([("even:", v) if v % 2 == 0 else ("odd:", v) for v in values]))


def total(rng, split):
    t = rng.randrange(len(SUMS[split]))
    n, thing, a, b = rng.choice(NAMES[split]), rng.choice(THINGS[split]), rng.randint(13, 39), rng.randint(2, 9)
    twins = []
    for ask, sign, value in zip(SUMS[split][t], "+-", (str(a + b), str(a - b))):
        question = ask.replace("{a}", str(a)).replace("{b}", str(b)).replace("{n}", n).replace("{t}", thing)
        twins.append((question, f"{a} {sign} {b} =", value, rng.choice(TOTAL[split]).replace("{v}", value), value))
    return t, twins


def word(rng, split):
    t = rng.randrange(len(WORD[split]))
    ask, wanted = WORD[split][t]
    one, two = rng.sample(WORDS[split], 2)
    twins = []
    for used, not_used in ((one, two), (two, one)):
        named = used if wanted else not_used
        twins.append((ask.replace("{w}", named), f"{'with' if wanted else 'without'} {named}:", used,
                      rng.choice(LINES[split]).replace("{w}", used), used))
    return t, twins


def count(rng, split):
    t = rng.randrange(len(COUNT[split]))
    twins = []
    for c in rng.sample(list(NUMBERS), 2):
        answer = rng.choice((", ", " ")).join(rng.sample(WORDS[split], c))
        twins.append((COUNT[split][t].replace("{c}", NUMBERS[c]), f"{NUMBERS[c]}:", str(c), upper_first(answer) + ".", str(c)))
    return t, twins


def form(rng, split):
    t = rng.randrange(len(FORM[split]))
    ask, one, ask_other, other = FORM[split][t]
    body = rng.choice(LINES[split])[:-1].replace("{w}", rng.choice(WORDS[split]))
    twins = []
    for asks, name in ((ask, one), (ask_other, other)):
        write, shows = FORMS[name]
        twins.append((f"Say something. {asks}", f"{name}:", shows(write(body)), write(body), shows(write(body))))
    return t, twins


MAKE = {"fact": fact, "who": who, "more": more, "even": even, "sum": total, "word": word, "count": count, "form": form}
KINDS = "fact,who,word"  # of the others a model of 135 million parameters learns little in an hour


def twin_records(rng, split, kind):
    t, twins = MAKE[kind](rng, split)
    for this, other in (twins, twins[::-1]):
        question, step, need, answer, says = this
        yield {"prompt": question, "chosen": answer, "rejected": other[3], "kind": kind, "template": f"{kind}-{split}-{t}",
               "split": split, "step": step, "need": need, "says": {answer: says, other[3]: other[4]}}


def make_file(seed, name, split, count, kinds, taken):
    """count records of the kinds by turns, in random order; none that is in `taken`, which grows by them."""
    rng = random.Random(f"{seed}/{name}")
    out, misses = [], 0
    while len(out) < count:
        twins = list(twin_records(rng, split, kinds[len(out) // 2 % len(kinds)]))
        keys = {(r["prompt"], r["chosen"], r["rejected"]) for r in twins}
        if keys & taken or len(keys) < 2:
            misses += 1
            if misses > 100 * count:
                sys.exit(f"make_pairs.py: {name}.jsonl: there are not {count} different records of {','.join(kinds)}; ask for fewer")
            continue
        taken |= keys
        out += twins
    rng.shuffle(out)
    return out


def check(name, records):
    """Prints whether anything but the rule tells the better answer; True where nothing does."""
    ok = True

    def line(what, hits, of, exact):
        nonlocal ok
        bad = 2 * hits != of if exact else abs(hits - of / 2) > 2 * of**0.5
        ok = ok and not bad
        print(f"{name}: {what}: {hits} of {of}{'  <-- not balanced' if bad else ''}")

    longer = [len(r["chosen"]) > len(r["rejected"]) for r in records if len(r["chosen"]) != len(r["rejected"])]
    line("the longer answer is the better", sum(longer), len(longer), True)
    chosen, rejected = collections.Counter(), collections.Counter()
    for r in records:
        chosen.update(set(re.findall(r"\w+|\W", r["chosen"])))
        rejected.update(set(re.findall(r"\w+|\W", r["rejected"])))
    worst = max((abs(chosen[w] - rejected[w]), w) for w in chosen | rejected)
    ok = ok and worst[0] == 0
    print(f"{name}: a word or mark is in chosen and rejected answers equally often, but for {worst[0]} of {len(records)} at most")
    places = [[r["prompt"].find(r["says"][r[x]].split()[0]) for x in ("chosen", "rejected")] for r in records if r["kind"] in ("fact", "who", "more", "even")]
    line("what the better answer says stands earlier in the question", sum(a < b for a, b in places), len(places), False)
    print(f"{name}: kinds {dict(collections.Counter(r['kind'] for r in records))}, templates {len({r['template'] for r in records})}")
    return ok


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--out", required=True)
    a.add_argument("--seed", type=int, default=1)
    for name, count in (("sft", 32), ("rl", 1280), ("tune", 192), ("held", 640)):
        a.add_argument(f"--{name}", type=int, default=count, help=f"records of {name}.jsonl, an even number (default {count})")
    a.add_argument("--kinds", default=KINDS, help=f"taken by turns; one may be named more than once (default {KINDS})")
    a.add_argument("--check", action="store_true")
    a = a.parse_args()
    kinds, taken, ok = a.kinds.split(","), set(), True
    if any(k not in MAKE for k in kinds):
        a.error(f"--kinds {a.kinds}: expected some of {','.join(MAKE)}")
    os.makedirs(a.out, exist_ok=True)
    for name, split in (("sft", "train"), ("rl", "train"), ("tune", "tune"), ("held", "held")):
        count = getattr(a, name)
        if count % 2:
            sys.exit(f"make_pairs.py: --{name} {count}: twins come in twos, give an even number")
        records = make_file(a.seed, name, split, count, kinds, taken)
        with open(f"{a.out}/{name}.jsonl", "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
        ok = (not a.check or check(name, records)) and ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
