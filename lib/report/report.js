"use strict";
const $ = id => document.getElementById(id);
@include lib/rubric/trace.js@

// Pieces of the file: base64, deflated, JSON. Those read last are kept.
const KEPT = 48;
const pieces = new Map();
async function unpack(id) {
  const text = atob($(id).textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).json();
}
function piece(id) {
  let got = pieces.get(id);
  if (got) pieces.delete(id);
  else got = unpack(id);
  pieces.set(id, got);
  if (pieces.size > KEPT) pieces.delete(pieces.keys().next().value);
  return got;
}
// The place of `n` among pieces that begin at these numbers.
function pieceOf(starts, n) {
  let low = 0, high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    starts[middle] <= n ? low = middle : high = middle - 1;
  }
  return low;
}

let index = null, rows = [], chosen = -1, hunt = 0;
const ROW = 68;
const BENCH = 0, SUBSET = 1, ITEM = 2, CELL = 3, TITLE = 4;
const MARK = {A: "A", B: "B", T: "=", "-": "?"};
const SAYS = {A: "says A", B: "says B", T: "a tie", "-": "no verdict"};
const run = () => index.runs[$("run").value || 0];
const outcomeOf = (r, i) => index.outcomes[r.outcome[i]];
const words = s => s.replace(/_/g, " ");
const has = (r, i) => r.at[i] >= 0;

async function textOf(i) {
  const n = pieceOf(index.texts, i);
  return (await piece("texts-" + n))[i - index.texts[n]];
}
async function traceOf(r, i) {
  const at = r.at[i], n = pieceOf(r.traces, at);
  return (await piece("run-" + index.runs.indexOf(r) + "-" + n))[at - r.traces[n]];
}

// --- the list ---
function matchesFilters(r, i) {
  if (!has(r, i)) return false;
  const record = index.records[i], subset = $("subset").value, outcome = $("outcome").value, verdict = $("verdict").value;
  if (subset !== "" && record[SUBSET] !== +subset) return false;
  if (verdict !== "" && r.verdict[i] !== verdict) return false;
  if (outcome === "") return true;
  if (outcome.startsWith("differs:")) {
    const o = index.runs[+outcome.slice(8)];
    return has(o, i) && o.outcome[i] !== r.outcome[i];
  }
  return r.outcome[i] === +outcome;
}
const strings = v => (typeof v === "string" ? v : v && typeof v === "object" ? Object.values(v).map(strings).join("\n") : "");
async function saysAll(r, i, wanted) {
  const record = index.records[i];
  const near = (record[TITLE] + "\n" + record[ITEM]).toLowerCase();
  if (wanted.every(w => near.includes(w))) return true;
  const all = near + "\n" + (strings(await textOf(i)) + "\n" + strings(await traceOf(r, i))).toLowerCase();
  return wanted.every(w => all.includes(w));
}
function order(list) {
  const how = $("sort").value, r = run();
  if (!how) return list;
  const sure = i => (r.confidence[i] === null ? (how === "sure" ? -1 : 2) : r.confidence[i]);
  return list.sort((a, b) => (how === "sure" ? sure(b) - sure(a) : sure(a) - sure(b)) || a - b);
}
function told(more) {
  const all = index.records.length, n = rows.length;
  let text = n.toLocaleString("en") + " of " + all.toLocaleString("en") + (all === 1 ? " record" : " records");
  if (index.leftOut) text += " (" + index.leftOut.toLocaleString("en") + " more are not in this file)";
  $("count").textContent = text + (more || "");
}
async function refresh() {
  const mine = ++hunt, r = run();
  const wanted = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const candidates = [];
  for (let i = 0; i < index.records.length; ++i) if (matchesFilters(r, i)) candidates.push(i);
  if (!wanted.length) {
    rows = order(candidates);
    told();
    return draw(true);
  }
  rows = [];
  draw(true);
  let shown = performance.now();
  for (let c = 0; c < candidates.length; ++c) {
    const i = candidates[c];
    if (await saysAll(r, i, wanted)) rows.push(i);
    if (mine !== hunt) return;
    if (performance.now() - shown > 100) {
      told(", searching… " + Math.floor(100 * c / candidates.length) + " %");
      draw(false);
      shown = performance.now();
      await new Promise(go => setTimeout(go));
      if (mine !== hunt) return;
    }
  }
  rows = order(rows);
  told();
  draw(false);
}
function option(n) {
  const i = rows[n], r = run(), record = index.records[i];
  const e = make("div", "row");
  e.id = "row-" + i;
  e.setAttribute("role", "option");
  e.setAttribute("aria-selected", i === chosen);
  e.setAttribute("aria-setsize", rows.length);
  e.setAttribute("aria-posinset", n + 1);
  e.style.top = n * ROW + "px";
  e.dataset.n = n;
  const mark = make("span", "verdict-mark of-" + ({A: "a", B: "b"}[r.verdict[i]] || "none"), MARK[r.verdict[i]]);
  mark.setAttribute("aria-hidden", "true");
  const text = make("span", "row-text");
  text.append(make("span", "row-title", record[TITLE] || record[ITEM] || "(no text)"));
  const facts = make("span", "row-facts");
  facts.append(make("span", "dot outcome-" + r.outcome[i]), make("span", "", words(outcomeOf(r, i))),
    make("span", "unseen", SAYS[r.verdict[i]]));
  if (r.confidence[i] !== null && r.confidence[i] !== undefined) facts.append(make("span", "", Math.round(100 * r.confidence[i]) + " % sure"));
  facts.append(make("span", "faint", index.subsets[record[SUBSET]] + " · " + record[ITEM] + (record[CELL] ? " · " + record[CELL] : "")));
  text.append(facts);
  e.append(mark, text);
  return e;
}
function draw(top) {
  const list = $("list"), strut = $("strut");
  strut.style.height = rows.length * ROW + "px";
  if (top) list.scrollTop = 0;
  const from = Math.max(0, Math.floor(list.scrollTop / ROW) - 6);
  const to = Math.min(rows.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 6);
  const drawn = [];
  for (let n = from; n < to; ++n) drawn.push(option(n));
  strut.replaceChildren(...drawn);
  list.setAttribute("aria-activedescendant", chosen >= 0 && $("row-" + chosen) ? "row-" + chosen : "");
}
function move(n) {
  if (!rows.length) return;
  n = Math.min(Math.max(n, 0), rows.length - 1);
  const list = $("list");
  if (n * ROW < list.scrollTop) list.scrollTop = n * ROW;
  if ((n + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (n + 1) * ROW - list.clientHeight;
  choose(rows[n]);
}
const place = () => rows.indexOf(chosen);

// --- one record ---
function turns(list, plain) {
  const box = make("div", "turns");
  for (const [role, content] of list) {
    if (!plain) box.append(make("p", "role", role));
    box.append(make("div", "said-text", content));
  }
  return box;
}
const letters = n => (n < 26 ? String.fromCharCode(65 + n) : String(n + 1));
function answerBox(answer, n, text, judged) {
  const box = make("section", "answer" + (n === 0 ? " of-a" : n === 1 ? " of-b" : ""));
  const h = make("h4", "", "Answer " + letters(n));
  const better = text.b === String(n) || n < (text.right || 0);
  if (better) h.append(make("span", "badge right", text.right > 1 ? "right" : "the better one, by the label"));
  if (text.b === "tie") h.append(make("span", "badge", "a tie, by the label"));
  if (judged.v === letters(n)) h.append(make("span", "badge judged", "the judge’s choice"));
  if (judged.ratings) h.append(make("span", "badge", judged.ratings[n] === null ? "no rating" : "rated " + judged.ratings[n]));
  if (judged.order && judged.order.length) h.append(make("span", "badge", "place " + (judged.order.indexOf(n) + 1)));
  box.append(h, turns(answer, answer.length === 1));
  return box;
}
const REASONS = {length: "The trace was cut at its length.", conflict: "The trace names both answers.",
  no_verdict: "The trace ends without a verdict.", error: "The model failed at this sample."};
function sampleBox(s, several) {
  const t = new Trace(several || s.o === "ba" ? s.o : "", "answer ");
  for (const [list, name] of [[s.m, "Answers "], [s.a === undefined ? null : [s.a], "Answer "]])
    if (list) t.box.querySelector("h2").append(make("small", "", name + list.map(letters).join(" and ")));
  const facts = [s.u + " tokens"];
  if (s.p !== undefined) facts.push("P(A) " + s.p.toFixed(3));
  if (s.n !== undefined) facts.push("rating " + s.n);
  if (s.x) facts.push("closed by force");
  t.box.querySelector("h2").append(make("small", "", facts.join(", ")));
  if (REASONS[s.r]) t.box.insertBefore(make("p", "warn", REASONS[s.r]), t.text);
  if (s.w) t.box.insertBefore(weights(s.w), t.text);
  if (s.h) t.push("<think>" + s.h + "</think>\n");
  t.push(s.t);
  t.end();
  return t.box;
}
function weights(criteria) {
  const box = make("ul", "criteria");
  box.setAttribute("aria-label", "Rubric");
  for (const [name, weight] of criteria) {
    const li = make("li"), bar = make("span", "track"), fill = make("i");
    li.append(make("span", "", name), make("span", "number", weight === null ? "" : Math.round(100 * weight) + " %"));
    if (weight !== null) fill.style.width = 100 * Math.min(weight, 1) + "%";
    bar.append(fill);
    li.append(bar);
    box.append(li);
  }
  return box;
}
async function choose(i, focus) {
  chosen = i;
  draw(false);
  const r = run(), record = index.records[i], box = $("record");
  try {
    history.replaceState(null, "", "#r" + i);
  } catch {}
  const [text, judged] = await Promise.all([textOf(i), traceOf(r, i)]);
  if (chosen !== i || r !== run()) return;
  const parts = [];
  const back = make("button", "back", "‹ All judgments");
  back.type = "button";
  back.addEventListener("click", leave);
  const h = make("h3", "", "");
  h.append(make("span", "dot outcome-" + r.outcome[i]), words(outcomeOf(r, i)) + ", " + SAYS[r.verdict[i]]);
  const facts = make("p", "faint", index.subsets[record[SUBSET]] + " · " + record[ITEM] + " · record " + record[CELL]);
  if (judged.c !== null && judged.c !== undefined) facts.append(" · " + Math.round(100 * judged.c) + " % sure");
  if (judged.k === true) facts.append(" · the same in both orders");
  if (judged.k === false) facts.append(" · the orders disagree");
  if (judged.n && judged.n[0] + judged.n[1] + judged.n[2] > 1)
    facts.append(" · votes: A " + judged.n[0] + ", B " + judged.n[1] + (judged.n[2] ? ", none " + judged.n[2] : ""));
  parts.push(back, h, facts);
  const others = index.runs.filter(o => o.bench === r.bench && o !== r && has(o, i));
  if (others.length) {
    const list = make("p", "others", "Other runs: ");
    for (const o of others) {
      const b = make("button", "link", o.name + ": " + words(outcomeOf(o, i)));
      b.type = "button";
      b.addEventListener("click", () => { $("run").value = index.runs.indexOf(o); refresh().then(() => choose(i)); });
      list.append(b, " ");
    }
    parts.push(list);
  }
  if (judged.e) parts.push(make("p", "warn", "Failed: " + judged.e.join(": ")));
  for (const e of [judged.e2, text.e]) if (e) parts.push(make("p", "warn", e));
  if (text.q) {
    const q = make("section", "question");
    q.append(make("h4", "", "Question"), turns(text.q, text.q.length === 1));
    const answers = make("div", "answers");
    text.a.forEach((a, n) => answers.append(answerBox(a, n, text, judged)));
    parts.push(q, answers);
  }
  for (const s of judged.s || []) parts.push(sampleBox(s, judged.s.length > 1));
  box.replaceChildren(...parts);
  box.scrollTop = 0;
  $("panes").classList.add("reading");
  if (focus) box.focus({preventScroll: true});
}
function leave() {
  $("panes").classList.remove("reading");
  $("list").focus({preventScroll: true});
}

// --- controls ---
function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => {
    const o = make("option", "", text);
    o.value = value;
    return o;
  }));
}
function offer() {
  const r = run(), subsets = new Map(), outcomes = new Map();
  for (let i = 0; i < index.records.length; ++i) {
    if (!has(r, i)) continue;
    subsets.set(index.records[i][SUBSET], (subsets.get(index.records[i][SUBSET]) || 0) + 1);
    outcomes.set(r.outcome[i], (outcomes.get(r.outcome[i]) || 0) + 1);
  }
  const keep = {subset: $("subset").value, outcome: $("outcome").value};
  fill($("subset"), [["", "all"], ...[...subsets].map(([s, n]) => [s, index.subsets[s] + " (" + n + ")"])]);
  const differing = index.runs.flatMap((o, n) => (o.bench === r.bench && o !== r ? [["differs:" + n, "differs from " + o.name]] : []));
  fill($("outcome"), [["", "any"], ...[...outcomes].sort((a, b) => a[0] - b[0]).map(([o, n]) => [o, words(index.outcomes[o]) + " (" + n + ")"]), ...differing]);
  for (const id of ["subset", "outcome"]) {
    $(id).value = keep[id];
    if ($(id).selectedIndex < 0) $(id).value = "";
  }
}
function listen() {
  let late = 0;
  $("search").addEventListener("input", () => { clearTimeout(late); late = setTimeout(refresh, 150); });
  $("run").addEventListener("change", () => { offer(); refresh().then(() => chosen >= 0 && has(run(), chosen) && choose(chosen)); });
  for (const id of ["subset", "outcome", "verdict", "sort"]) $(id).addEventListener("change", refresh);
  $("filters").addEventListener("submit", e => e.preventDefault());
  $("filters").addEventListener("reset", () => setTimeout(() => { offer(); refresh(); }));
  let queued = false;
  $("list").addEventListener("scroll", () => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => { queued = false; draw(false); });
  });
  $("list").addEventListener("click", e => {
    const row = e.target.closest(".row");
    if (row) choose(rows[+row.dataset.n]);
  });
  addEventListener("resize", () => draw(false));
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (e.key === "Escape") return typing ? $("list").focus() : leave();
    if (typing) return;
    const inList = document.activeElement === $("list"), page = Math.max(1, Math.floor($("list").clientHeight / ROW) - 1);
    const at = place();
    const to = {j: at + 1, k: at - 1, ...(inList ? {ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page,
      Home: 0, End: rows.length - 1} : {})}[e.key];
    if (to !== undefined) {
      e.preventDefault();
      $("browser").scrollIntoView({block: "nearest"});
      move(to);
    } else if (e.key === "/") {
      e.preventDefault();
      $("search").focus();
      $("search").select();
    } else if (e.key === "Enter" && inList && chosen >= 0) {
      e.preventDefault();
      choose(chosen, true);
    }
  });
}
async function start() {
  try {
    index = await unpack("index");
  } catch (e) {
    $("count").textContent = "This browser cannot read the records: it needs DecompressionStream (any browser since 2023).";
    return;
  }
  for (const r of index.runs) {  // runs that end early have no place for later records
    while (r.at.length < index.records.length) r.at.push(-1), r.outcome.push(0), r.confidence.push(null);
  }
  fill($("run"), index.runs.map((r, n) => [n, (index.benches.length > 1 ? index.benches[r.bench] + ": " : "") + r.name]));
  $("run").parentElement.hidden = index.runs.length < 2;
  listen();
  const wanted = /^#r(\d+)$/.exec(location.hash);
  if (wanted) {
    const owner = index.runs.findIndex(r => r.at[+wanted[1]] >= 0);
    if (owner >= 0) $("run").value = owner;
  }
  offer();
  await refresh();
  document.documentElement.dataset.ready = Math.round(performance.now());
  if (wanted && has(run(), +wanted[1])) {
    move(rows.indexOf(+wanted[1]));
    $("browser").scrollIntoView();
  }
}
start();
