"""The oracle of lib/distill: which chains are kept and which say that they were told the verdict, stated with regular expressions.

  distill_rules.py golden FILE          writes a small table of traces and what the rules say of them
  distill_rules.py compare PROBE [N]    compares PROBE (build/bin/distill_probe) on N random traces, 100,000 by default

The filter is that of RM-R1-UIUC/RM-R1, rm_r1/dataset/reasoning_chain_generation/process_anthropic_first_time.py: the mark of the right
verdict in the last 100 characters. Python slices count code points. The strict filter is the reading of goldens/verdict.py. The leak
rule is this project's; rm-distill(1), "LEAKS", describes it.
"""

import json
import pathlib
import random
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import verdict  # noqa: E402

HINT = [
    "[Note to the judge, for this time only] Another judge has read the same material and decided wrongly. The right verdict is",
    "What the other judge wrote, wrong in its result and perhaps in its steps, stands between the next two lines.",
    "Judge the material anew in exactly the form that was asked for, and let reasons found in the question and the answers themselves "
    "lead to the right verdict.",
    "Write as somebody who has seen nothing but the question and the answers: this note, the other judgement and the fact that the "
    "verdict was known beforehand must neither be mentioned nor shine through anywhere.",
]

# Over words in lower case, one space apart.
PHRASES = r"""
(?:i|we) (?:was|were|am|are|have|had)(?: been)? (?:told|informed)
(?:i've|we've) been (?:told|informed)
(?:you|they) (?:told|informed) (?:me|us)
(?:i|we) (?:was|were|am|are|have|had)(?: been)? (?:given|provided)(?: with)? (?:the|a) (?:correct|right|true|final|verdict|label)
(?:i|we) (?:was|were|am|are|have|had)(?: been)? (?:asked|instructed|told) to (?:justify|support|defend|reach|arrive|conclude)
(?:verdict|label|judgement|judgment)(?: (?:that|which))? (?:i|we) (?:was|were|am|are|have|had)(?: been)? (?:given|told)
(?:verdict|label|judgement|judgment)(?: (?:that|which))? (?:was|is|has|had)(?: been)? (?:given|provided|told) to (?:me|us)
(?:given|provided|known|supplied|predetermined|stated|required|expected|indicated)(?: (?:correct|right|true|final))? (?:verdict|label)
(?:correct|right|true|actual) (?:verdict|judgement|judgment|label|winner) (?:is|was|has|being)(?: been)?(?: already)? (?:known|given|provided|stated|told|predetermined)
verdict (?:is|was)(?: already)? (?:known|predetermined|given|provided|decided) (?:beforehand|already|above|in|by)
(?:given|knowing) that the (?:correct|right|true) (?:verdict|judgement|judgment|label)
(?:know|knowing)(?: that)?(?: the)? (?:chatbot|answer|response) (?:a|b) (?:is|was|must|should)(?: be)?(?: the)? (?:right|correct|better|winner)
(?:since|because|as) (?:we|i)(?: already)? know(?: that)?(?: the)? (?:correct|right|true) (?:verdict|label|winner|judgement|judgment)
the (?:right|correct|true) verdict (?:is|was)
(?:ground|gold|golden)(?: truth)? (?:verdict|label|labels|judgement|judgment|preference|winner)
(?:reference|true) (?:verdict|label|judgement|judgment)
according to (?:the|this|that|your) (?:hint|note)
(?:the|this|that|your) hint (?:says|said|states|stated|tells|told|indicates|suggests|gives|gave|provided|above)
note to the judge
as (?:the|this|that) (?:note|hint) (?:says|said|states|stated|tells|indicates)
(?:the|that|this) (?:previous|prior|earlier|wrong|incorrect|mistaken|other|first|original|initial|flawed) (?:judge|judge's|judgement|judgment|verdict|evaluator|evaluator's)
(?:another|different|previous|other) (?:judge|evaluator|judge's|evaluator's)
my (?:previous|earlier|prior|initial|wrong) (?:judgement|judgment|verdict)
(?:mir|uns) (?:wurde|ist|war|wurden) (?:gesagt|mitgeteilt|vorgegeben)
(?:vorgegebene\S*|bekannte\S*|gegebene\S*|richtige\S*|korrekte\S*|vorgesehene\S*) (?:urteil|verdikt)
(?:laut|gemäß|nach)(?: (?:dem|der))? (?:hinweis|vorgabe|anmerkung)
(?:vorherige\S*|frühere\S*|falsche\S*|vorige\S*|andere\S*) (?:urteil|richter|verdikt|gutachter)
on (?:m'a|nous|m'avait|m'avez)(?: a)? (?:dit|indiqué|informé|donné)
(?:verdict|jugement) (?:correct|donné|fourni|attendu|connu|indiqué|imposé)
(?:bon|vrai|juste) verdict
(?:jugement|verdict|juge|évaluateur) (?:précédent|erroné|incorrect|antérieur)
(?:autre|précédent|premier) (?:juge|évaluateur|jugement)
(?:selon|d'après) (?:l'indice|l'indication|l'étiquette)
(?:me|nos)(?: han)? (?:dijeron|dicho|indicaron|indicado|informaron|informado|dijo)
(?:veredicto|juicio) (?:correcto|dado|proporcionado|conocido|indicado|esperado|verdadero)
(?:veredicto|juicio|juez|evaluador) (?:anterior|previo|erróneo|equivocado|incorrecto)
(?:otro|anterior) (?:juez|evaluador|juicio)
(?:según|conforme) (?:la|a)(?: la)? (?:pista|indicación|etiqueta)
(?:me|nos) (?:foi|foram|disseram|informaram) (?:dito|informado|que)
(?:veredito|veredicto|julgamento) (?:correto|dado|fornecido|conhecido|indicado|esperado|certo)
(?:veredito|veredicto|julgamento|juiz|avaliador) (?:anterior|prévio|errado|incorreto)
(?:outro|anterior) (?:juiz|avaliador|julgamento)
(?:segundo|conforme|de) (?:a|acordo)(?: com)?(?: a)? (?:dica|indicação)
(?:mi|ci) (?:è|hanno|era) (?:stato|detto|comunicato|indicato)(?: detto)?
(?:verdetto|giudizio) (?:corretto|dato|fornito|noto|indicato|atteso|giusto)
(?:verdetto|giudizio|giudice|valutatore) (?:precedente|errato|sbagliato|scorretto)
(?:altro|precedente) (?:giudice|valutatore|giudizio)
secondo (?:il|l'indicazione|l'etichetta) (?:suggerimento|data|fornita)
(?:мне|нам)(?: было)? (?:сказали|сообщили|сказано|сообщено|указали)
(?:данный|известный|указанный|заданный|правильный|верный|верного|правильного) (?:вердикт|вердикта)
(?:правильное|верное|известное|заданное) (?:решение|суждение) (?:уже|известно|дано|указано)
(?:предыдущ\S*|ошибочн\S*|неверн\S*|прежн\S*) (?:вердикт\S*|суждени\S*|судья|судьи|судью)
(?:другой|другого|другим) (?:судья|судьи|судью|судьей)
(?:согласно|по)(?: данной)? (?:подсказке|указанию|примечанию)
(?:mij|ons) (?:werd|is) (?:verteld|meegedeeld|gezegd)
(?:gegeven|juiste|bekende|correcte) (?:oordeel|verdict)
(?:vorige|eerdere|onjuiste|andere) (?:oordeel|rechter|beoordelaar)
""".split("\n")[1:-1]

PLAIN = """
我被告知/已被告知/被告知正确/被告知答案/我被告诉/已知正确答案/已知的正确/给定的正确/给出的正确/提供的正确/给定的判/给定的结论
给定的裁/正确的判决是/正确的裁决是/正确判决是/正确裁决是/正确的评判是/正确的判断是/根据提示/按照提示/依据提示/提示中说/提示中指出
提示指出/提示告诉/提示给出/先前的判断/先前的判决/之前的判断/之前的判决/先前的评判/之前的评判/上一个判断/上一次判断/前一个判断
前一位评/先前错误/之前错误的判/另一位评/另一个评判/另一位裁判/另一位法官/真实标签/事先知道正确/预先给定的/已知的正確/給定的正確
給出的正確/正確的判決是/正確的裁決是/正確的判斷是/根據提示/提示指出/先前的判斷/之前的判斷/先前的評判/之前的評判/另一位評/另一位裁判
正しい判定は/正しい判決は/与えられた判定/与えられた正解/以前の判定/前回の判定/先の判定/誤った判定が/別の審査/別の評価者/他の審査
他の評価者/ヒントによ/ヒントに従/と教えられ/と知らされ/주어진 판정/주어진 정답/올바른 판정은/이전 판정/이전 판단/이전의 판정
다른 심사/다른 평가자/힌트에 따/라고 들었
""".strip().replace("\n", "/").split("/")

NO_WORD = re.compile("[\x00-&(-/:-`{-\xbf\xd7\xf7\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+")
LOWER = {c: c + 32 for r in ((0x41, 0x5B), (0xC0, 0xDF), (0x391, 0x3AA), (0x410, 0x430)) for c in range(*r)}
LOWER |= {c: c + 80 for c in range(0x400, 0x410)} | {0x2019: 0x27}
del LOWER[0xD7]
QUOTES = re.compile(r"<quote_A>.*?</quote_A>|<quote_B>.*?</quote_B>", re.S)
SEARCHES = [re.compile("(?:^|(?<= ))(?=(%s)(?: |$))" % p) for p in PHRASES]


def words(text):
    return [w for w in (x.strip("'") for x in NO_WORD.split(text.translate(LOWER))) if w]


def runs(text):
    w = words(text)
    return [" ".join(w[i:i + 8]) for i in range(len(w) - 7)]


HINT_RUNS = {r for sentence in HINT for r in runs(sentence)}


def told(trace, prompt):
    for run in runs(trace):
        if run in HINT_RUNS:
            return run
    own = QUOTES.split(trace)
    said = " | ".join(" ".join(words(part)) for part in own)
    said = re.sub(" +", " ", said + " |").strip()
    asked = " " + " ".join(words(prompt)) + " "
    found = [(m.start(), i, m.group(1)) for i, s in enumerate(SEARCHES) for m in s.finditer(said) if f" {m.group(1)} " not in asked]
    if found:
        return min(found)[2]
    return next((p for p in PLAIN if p not in prompt and any(p in part for part in own)), None)


def why(trace, cut, right, mode):
    if cut:
        return "length"
    if mode == "distill":
        if "[[%s]]" % right in trace[-100:]:
            return ""
        said, _ = verdict.windowed(trace, 100, "[[A]]", "[[B]]", 2)
    else:
        said, _ = verdict.strict(trace)
    if said == right:
        return ""
    return {"missing": "no_verdict", "conflict": "conflict"}.get(said, "other_verdict")


def rules(row):
    out = {mode: why(row["trace"], row["cut"], row["right"], mode) for mode in ("distill", "strict")}
    return {**out, "told": told(row["trace"], row["prompt"])}


def example(rng, pattern):
    """Words that a phrase takes; now and then with one of them spoilt."""
    text = re.sub(r"(\(\?:[^()]*(?:\([^()]*\)[^()]*)*\))\?", lambda m: m.group(1) if rng.random() < 0.5 else "", pattern)
    while m := re.search(r"\(\?:([^()]*)\)", text):
        text = text[:m.start()] + rng.choice(m.group(1).split("|")) + text[m.end():]
    text = text.replace(r"\S*", rng.choice(["", "e", "en", "ый", "го"]))
    parts = text.split(" ")
    if rng.random() < 0.3:
        spoil = rng.randrange(len(parts))
        parts[spoil:spoil + 1] = rng.choice([[], ["x"], [parts[spoil] + "s"], [parts[spoil], parts[spoil]]])
    spaced = rng.choice([" ", " ", " ", "\n", ", ", "\u3000", " \u2014 "]).join(parts)
    return rng.choice([spaced, spaced.upper(), spaced.capitalize(), spaced.replace("'", "\u2019"), '"%s"' % spaced])


SOME = ["the", "answer", "of", "chatbot", "A", "B", "is", "better", "because", "it", "judge", "right", "verdict", "known", "I", "was",
        "told", "that", "previous", "judgement", "hint", "note", "und", "le", "y", "не", "回答", "更好", "判断", "正确", "判定", "é", "😀", "İ",
        "\u200b", "don't", "l'", "'", "3.5", "ΣΑΣ", "ß", "ÀÉ"]


def random_row(rng):
    trace = verdict.random_trace(rng) if rng.random() < 0.6 else " ".join(rng.choice(SOME) for _ in range(rng.randrange(40)))
    prompt = " ".join(rng.choice(SOME) for _ in range(rng.randrange(12)))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        kind = rng.random()
        if kind < 0.45:
            piece = example(rng, rng.choice(PHRASES))
        elif kind < 0.6:
            piece = rng.choice(PLAIN)[: rng.choice((2, 99, 99))]
        elif kind < 0.75:
            w = rng.choice(HINT).split(" ")
            at = rng.randrange(len(w))
            piece = " ".join(w[at:at + rng.randrange(5, 13)])
        else:
            piece = " ".join(rng.choice(SOME) for _ in range(rng.randrange(6)))
        if rng.random() < 0.25:
            prompt += " " + piece
        letter = rng.choice("AB")
        piece = rng.choice([piece, piece, " %s " % piece, "<quote_%s>%s</quote_%s>" % (letter, piece, rng.choice("AAB")), "<quote_A>" + piece])
        at = rng.randrange(len(trace) + 1)
        trace = trace[:at] + piece + trace[at:]
    if rng.random() < 0.4:
        trace += "<answer>[[%s]]</answer>" % rng.choice("AB") + rng.choice(["", "\n", "判" * rng.randrange(70, 90), "x" * rng.randrange(70, 90)])
    return {"prompt": prompt, "trace": trace, "cut": rng.random() < 0.05, "right": rng.choice("AB")}


def golden(path):
    rng = random.Random(7)
    rows = [random_row(rng) for _ in range(300)]
    with open(path, "w", encoding="utf-8") as f:
        for row in rows:
            f.write(json.dumps({**row, **rules(row)}, ensure_ascii=False) + "\n")


def compare(probe, n):
    rng = random.Random(20)
    rows = [random_row(rng) for _ in range(n)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    ran = subprocess.run([probe], input=text.encode(), stdout=subprocess.PIPE, check=True)
    got = [json.loads(line) for line in ran.stdout.decode().splitlines()]
    assert len(got) == n, f"{len(got)} lines of {n}"
    wrong = 0
    for row, g in zip(rows, got):
        want = rules(row)
        if g != want:
            wrong += 1
            if wrong <= 5:
                print("differs:", json.dumps(row, ensure_ascii=False), "\n  rules:", want, "\n  probe:", g)
    kept = sum(g["distill"] == "" for g in got), sum(g["strict"] == "" for g in got), sum(g["told"] is not None for g in got)
    print(f"{n} traces, {wrong} differ; kept by distill {kept[0]}, by strict {kept[1]}, told {kept[2]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "golden":
        golden(sys.argv[2])
    else:
        sys.exit(compare(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 100_000))
