// The article's text as docs/passages.md defines it, and the way from places in the page to offsets in it and back.

const SKIPPED = new Set(
  'script style template noscript textarea select button iframe object svg canvas audio video postil-thread postil-count'.split(' '),
);
const BLOCKS = new Set(
  `address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form
  h1 h2 h3 h4 h5 h6 header hgroup legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul`.split(/\s+/),
);
const DROPPED = /[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
const WHITE = /[\s\x85]+/g;
// What NFC may join: Hangul, and letters with their marks.
const CLUSTER = /[\u1100-\u115f]*[\uac00-\ud7a3]?[\u1160-\u11ff]+\p{M}*|\P{M}\p{M}*|\p{M}+/gu;
const CONTEXT = 32;

const wellFormed = (text) => text.toWellFormed?.() ?? text;

/** What the service makes of a text as well. */
export const normalise = (text) => wellFormed(text).replace(DROPPED, '').normalize('NFC').replace(WHITE, ' ').replace(/^ | $/g, '');

/** The least index for which `late` holds, or `size`. */
function first(size, late) {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (late(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class ArticleText {
  // Its text nodes with the offset at which each begins in the raw text; and for each code point of the normalised text where
  // it begins in that, and where it stands in the raw one. These rise, so whoever looks for something may halve.
  #nodes = [];
  #starts = [];
  #units = [];
  #from = [];
  #to = [];
  #raw = '';

  /** The normalised text. */
  text = '';
  /** Its length in code points. */
  length = 0;

  /** @param {Element} root the element that is the article */
  constructor(root) {
    this.#read(root);
    this.#normalise();
  }

  /** The words from `start` to `end`, in code points. */
  slice(start, end) {
    const unit = (at) => (at < 0 ? 0 : (this.#units[at] ?? this.text.length));
    return this.text.slice(unit(start), unit(end));
  }

  /** The range of the page that holds the words from `start` to `end`, or null if these are none. */
  range(start, end) {
    if (!(start >= 0 && start < end && end <= this.length)) return null;
    const range = document.createRange();
    const [node, at] = this.#place(this.#from[start]);
    const [last, to] = this.#place(this.#to[end - 1] - 1);
    range.setStart(node, at);
    range.setEnd(last, Math.min(to + 1, last.length));
    return range;
  }

  /** `{start, end}` of the words that a range of the page holds, or null if it holds none. */
  offsets(range) {
    const begin = this.#offset(range.startContainer, range.startOffset);
    const finish = this.#offset(range.endContainer, range.endOffset);
    let start = first(this.length, (k) => this.#to[k] > begin);
    let end = first(this.length, (k) => this.#from[k] >= finish);
    if (this.slice(start, start + 1) === ' ') start += 1;
    if (this.slice(end - 1, end) === ' ') end -= 1;
    return start < end ? { start, end } : null;
  }

  /** What names the words from `start` to `end` to the service. */
  target({ start, end }) {
    return {
      // As they are written: the normalised text has lost its joiners.
      exact: this.#raw.slice(this.#from[start], this.#to[end - 1]).replace(WHITE, ' '),
      prefix: this.slice(start - CONTEXT, start),
      suffix: this.slice(end, end + CONTEXT),
      start,
      end,
    };
  }

  #read(root) {
    let raw = '';
    const edge = ({ localName }) => {
      if (BLOCKS.has(localName)) raw += ' ';
    };
    let node = root.firstChild;
    while (node) {
      if (node.nodeType === Node.TEXT_NODE || node.nodeType === Node.CDATA_SECTION_NODE) {
        this.#nodes[this.#nodes.length] = node;
        this.#starts[this.#starts.length] = raw.length;
        raw += node.data;
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        const name = node.localName;
        if (BLOCKS.has(name) || /^[bh]r$/.test(name)) raw += ' ';
        if (node.firstChild && !SKIPPED.has(name) && !node.hasAttribute('data-postil-ignore')) {
          node = node.firstChild;
          continue;
        }
        edge(node);
      }
      while (!node.nextSibling) {
        node = node.parentNode;
        if (!node || node === root) {
          this.#raw = wellFormed(raw);
          return;
        }
        edge(node);
      }
      node = node.nextSibling;
    }
  }

  #normalise() {
    const raw = this.#raw;
    const kept = raw.replace(DROPPED, '');
    // Where the kept stood, if anything was dropped.
    let places = null;
    if (kept.length < raw.length) {
      places = new Uint32Array(kept.length);
      let at = 0;
      let n = 0;
      for (const { index } of raw.matchAll(DROPPED)) {
        while (at < index) places[n++] = at++;
        at += 1;
      }
      while (at < raw.length) places[n++] = at++;
    }
    const place = (at) => (places ? places[at] : at);
    const composed = kept === kept.normalize('NFC');
    let at = 0;
    let text = '';
    let blank = true;
    const add = (point, from, to) => {
      const white = /[\s\x85]/.test(point);
      if (white && blank) {
        if (this.length) this.#to[this.length - 1] = to;
        return;
      }
      blank = white;
      this.#units[this.length] = text.length;
      this.#from[this.length] = from;
      this.#to[this.length] = to;
      text += white ? ' ' : point;
      this.length += 1;
    };
    for (const cluster of composed ? kept : kept.match(CLUSTER) ?? []) {
      const from = place(at);
      at += cluster.length;
      const to = place(at - 1) + 1;
      for (const point of composed ? [cluster] : cluster.normalize('NFC')) add(point, from, to);
    }
    if (text && blank) this.length -= 1;
    this.text = text.trimEnd();
  }

  /** The text node and the offset in it of a place in the raw text. */
  #place(at) {
    const index = Math.max(0, first(this.#starts.length, (k) => this.#starts[k] > at) - 1);
    const node = this.#nodes[index];
    return [node, Math.min(at - this.#starts[index], node.length)];
  }

  /** The place in the raw text of a boundary in the page. */
  #offset(container, offset) {
    const point = document.createRange();
    point.setStart(container, offset);
    point.collapse(true);
    // In document order: those that begin after the boundary.
    const next = first(this.#nodes.length, (k) => point.comparePoint(this.#nodes[k], 0) >= 0);
    if (this.#nodes[next - 1] === container) return this.#starts[next - 1] + offset;
    return next < this.#nodes.length ? this.#starts[next] : this.#raw.length;
  }
}
