// How a trace is shown, in the server's page and in reports: the judge's tags become parts with names. Compiled into both.
const make = (tag, cls, text) => {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
};
const other = letter => (letter === 'A' ? 'B' : 'A');

// A trace as it comes: the judge's tags open and close parts, all else is text. Only text nodes are ever filled with it.
const PARTS = {
  think: 'Thinking',
  type: 'Kind of task',
  rubric: 'Rubric',
  justify: 'Why these criteria',
  solution: 'The judge\'s own solution',
  eval: 'Comparison',
  quote_A: 'Quoted from',
  quote_B: 'Quoted from',
  summary_A: 'In short,',
  summary_B: 'In short,',
  answer: 'Decides for'
};
const TAG = new RegExp('<(/?)(' + Object.keys(PARTS).join('|') + ')>');
class Trace {
  // `order`: "ab", "ba", or "" where it needs no word. `whose`: "your " before the reader's own letter, or nothing.
  constructor(order, whose) {
    this.swapped = order === 'ba';
    this.whose = whose;
    this.box = make('section', 'trace writing');
    const h = make('h2', '', 'Reasoning');
    if (order)
      h.append(make('small', '', this.swapped ? 'B shown first: its A is ' + whose + 'answer B' : 'A shown first'));
    this.text = make('div', 'text');
    this.box.append(h, this.text);
    this.stack = [this.text];
    this.text.classList.add('live');
    this.held = '';
  }
  push(text) {
    this.held += text;
    for (let m; (m = TAG.exec(this.held));) {
      this.plain(this.held.slice(0, m.index));
      this.held = this.held.slice(m.index + m[0].length);
      m[1] ? this.close(m[2]) : this.open(m[2]);
    }
    const lt = this.held.lastIndexOf('<');
    const keep = lt >= 0 && this.held.length - lt < 14 ? lt : this.held.length;
    this.plain(this.held.slice(0, keep));
    this.held = this.held.slice(keep);
  }
  end() {
    this.plain(this.held);
    this.held = '';
    this.box.classList.remove('writing');
  }
  plain(text) {
    const top = this.stack[this.stack.length - 1];
    const last = top.lastChild;
    if (!last || last.nodeType !== Node.TEXT_NODE) text = text.replace(/^\s+/, '');
    if (!text) return;
    if (last && last.nodeType === Node.TEXT_NODE)
      last.appendData(text);
    else
      top.append(document.createTextNode(text));
  }
  open(tag) {
    const part = make('div', 'part ' + tag.split('_')[0]);
    let name = PARTS[tag];
    const letter = tag.split('_')[1];
    if (letter) {
      const mine = this.swapped ? other(letter) : letter;
      part.classList.add('of-' + mine.toLowerCase());
      name += ' ' + letter + (this.swapped ? ' (' + this.whose + mine + ')' : '');
    }
    if (tag === 'answer') part.classList.add('decides');
    part.dataset.name = name;
    this.trim();
    this.stack[this.stack.length - 1].append(part);
    this.stack.push(part);
    this.mark();
  }
  close(tag) {
    const at = this.stack.findLastIndex(e => e.classList.contains(tag.split('_')[0]));
    if (at <= 0) return;
    this.trim();
    const part = this.stack[at];
    this.stack.length = at;
    this.mark();
    if (tag !== 'answer') return;
    const letter = (/[AB]/.exec(part.textContent) || [''])[0];
    if (!letter) return;
    const mine = this.swapped ? other(letter) : letter;
    part.textContent = letter + (this.swapped ? ' (' + this.whose + mine + ')' : '');
    part.classList.add('of-' + mine.toLowerCase());
  }
  mark() {
    this.box.querySelector('.live').classList.remove('live');
    this.stack[this.stack.length - 1].classList.add('live');
  }
  trim() {
    const last = this.stack[this.stack.length - 1].lastChild;
    if (last && last.nodeType === Node.TEXT_NODE) last.data = last.data.replace(/\s+$/, '');
  }
}
