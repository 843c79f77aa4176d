// What is shown of the notes on the page: a highlight on the words, and at the side of their line a button with the count.
// The article's own elements are left as they are.

import { accentOf, island, tint } from './island.js';

// What has its place in a column of text: beside the outermost of these, a button is beside the text.
const COLUMN = new Set('p h1 h2 h3 h4 h5 h6 ul ol dl table pre blockquote figure details'.split(' '));
const GAP = 2;
const ACTIVE = 2500;

/** The element around a place that is no mere part of a line. */
function blockOf(node) {
  let at = node.parentElement;
  while (getComputedStyle(at).display.startsWith('inline') && at.parentElement) at = at.parentElement;
  return at;
}

/** The first line of a range, or undefined if it is not on show. */
function line(range) {
  for (const rect of range.getClientRects()) if (rect.width) return rect;
  return undefined;
}

export class Marks {
  #tools;
  #article;
  #voice;
  #block;
  #open;
  #spots = [];
  #over;
  #hosts = new Map();
  #buttons = new Map();
  #highlights = {};
  #frame = 0;
  #timer;

  /**
   * @param {object} tools
   * @param {import('./article.js').Article} article
   * @param {{lang: string, dir: string}} voice
   * @param {Element} block the block, for its colours
   * @param {(spots: object[], opener: Element) => void} open
   * @param {AbortSignal} ended
   */
  constructor(tools, article, voice, block, open, ended) {
    this.#tools = tools;
    this.#article = article;
    this.#voice = voice;
    this.#block = block;
    this.#open = open;
    this.#over = island(tools, voice);
    this.#over.host.className = 'over';
    document.body.append(this.#over.host);
    this.#paint();
    article.root.addEventListener('click', (event) => this.#click(event), { signal: ended });
    ended.addEventListener('abort', () => {
      cancelAnimationFrame(this.#frame);
      clearTimeout(this.#timer);
      this.#over.host.remove();
      for (const { host } of this.#hosts.values()) host.remove();
      for (const name of Object.keys(this.#highlights)) this.#clear(name);
    });
  }

  /** Where controls of the reader's own go, such as that beside a selection. */
  get inside() {
    return this.#over.inside;
  }

  /** Puts a control at a place on the screen. */
  put(control, left, top, origin = control.getRootNode().host.getBoundingClientRect()) {
    Object.assign(control.style, { left: `${left - origin.left}px`, top: `${top - origin.top}px` });
  }

  /** @param {object[]} spots `{range, passages, n, question?, planted?}`, the planted ones first */
  show(spots) {
    this.#spots = spots;
    this.#clear('note');
    this.#clear('question');
    for (const { range, planted } of spots) this.#highlight(planted ? 'question' : 'note', range);
    const present = new Set(this.#tools.map(spots, ({ planted }) => planted?.element));
    for (const [element, { host }] of this.#hosts) {
      if (present.has(element)) continue;
      host.remove();
      this.#hosts.delete(element);
    }
    this.move();
  }

  /** Looks where the words are now, as soon as the page is drawn again. */
  move() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#place());
  }

  /** Shows which words are meant, for as long as something is open at them, or for a moment. */
  activate(range, forGood) {
    clearTimeout(this.#timer);
    this.#clear('active');
    if (range) this.#highlight('active', range);
    if (range && !forGood) this.#timer = setTimeout(() => this.#clear('active'), ACTIVE);
  }

  /** Moves the reader to the words. */
  go({ range, planted }) {
    const at = planted ? planted.element : blockOf(range.startContainer);
    for (let up = at; up; up = up.parentElement) if (up.localName === 'details') up.open = true;
    at.scrollIntoView({ block: 'center' });
    const { top, bottom } = line(range) ?? {};
    if (top < 0 || bottom > innerHeight) scrollBy(0, top - innerHeight / 3);
    this.activate(range);
    const button = planted && this.#hosts.get(planted.element)?.button;
    if (button) return button.focus({ preventScroll: true });
    if (!at.hasAttribute('tabindex')) {
      at.tabIndex = -1;
      at.addEventListener('blur', () => at.removeAttribute('tabindex'), { once: true });
    }
    at.focus({ preventScroll: true });
  }

  #paint() {
    const accent = accentOf(this.#block);
    this.#tools.dress(
      document,
      `::highlight(postil-note) { background-color: color-mix(in srgb, ${accent} 15%, transparent); }
      ::highlight(postil-question) { text-decoration: underline dotted 2px ${accent}; }
      ::highlight(postil-active) { background-color: color-mix(in srgb, ${accent} 36%, transparent); }
      @media (forced-colors: active) { ::highlight(postil-note), ::highlight(postil-active) { background-color: Mark; color: MarkText; } }`,
    );
  }

  // Several blocks of one page share the highlights, each with ranges of its own. Browsers without them show the buttons.
  #highlight(name, range) {
    if (!window.Highlight) return;
    const own = (this.#highlights[name] ??= new Set());
    const shared = CSS.highlights.get(`postil-${name}`) ?? new Highlight();
    CSS.highlights.set(`postil-${name}`, shared);
    shared.priority = name === 'active' ? 1 : 0;
    shared.add(range);
    own.add(range);
  }

  #clear(name) {
    for (const range of this.#highlights[name] ?? []) CSS.highlights.get(`postil-${name}`)?.delete(range);
    this.#highlights[name]?.clear();
  }

  #place() {
    const { root } = this.#article;
    tint(this.#over.host, root, this.#block);
    // All is read before anything is written, or each of a thousand notes would have the page laid out anew.
    const size = matchMedia('(any-pointer: coarse), (max-width: 30rem)').matches ? 44 : 26;
    const page = document.documentElement.clientWidth;
    const origin = this.#over.host.getBoundingClientRect();
    const placed = [];
    const look = (spot) => {
      const at = line(spot.range);
      if (!at) return;
      const { edge, rtl } = this.#side(spot.range, root);
      const left = rtl ? Math.max(edge - GAP - size, 0) : Math.min(edge + GAP, page - size);
      let top = at.top + (at.height - size) / 2;
      for (const other of placed) {
        if (Math.abs(other.left - left) >= size || Math.abs(other.top - top) >= size) continue;
        // Notes that would lie on one another are one; a question stays by itself.
        if (!other.spots[0].planted) {
          other.spots[other.spots.length] = spot;
          return;
        }
        top = other.top + size;
      }
      placed[placed.length] = { left, top, far: rtl !== (rtl ? edge : page - edge) < size + GAP, spots: [spot] };
    };
    for (const spot of this.#spots) look(spot);
    const used = new Set();
    for (const { left, top, far, spots } of placed) {
      const [spot] = spots;
      const button = spot.planted ? this.#question(spot) : this.#tell(spots);
      used.add(button);
      button.classList.toggle('far', far);
      this.put(button, left, top, spot.planted ? undefined : origin);
    }
    for (const { button } of this.#hosts.values()) button.hidden = !used.has(button);
    for (const [id, button] of this.#buttons) {
      if (used.has(button)) continue;
      button.remove();
      this.#buttons.delete(id);
    }
  }

  /** The side of the column where the lines end. */
  #side(range, root) {
    let column = blockOf(range.startContainer);
    for (let at = column; at && at !== root; at = at.parentElement) if (COLUMN.has(at.localName)) column = at;
    const { left, right } = column.getBoundingClientRect();
    const rtl = getComputedStyle(column).direction === 'rtl';
    return { edge: rtl ? left : right, rtl };
  }

  /** A button for those who point: who does not has the list in the block. */
  #tell(spots) {
    const { id } = spots[0].passages[0];
    const button = this.#buttons.get(id) ?? this.#tools.h('button', { type: 'button', class: 'note', tabindex: -1, 'aria-hidden': 'true' });
    if (!button.isConnected) this.#over.inside.append(button);
    this.#buttons.set(id, button);
    let n = 0;
    let asked;
    for (const spot of spots) {
      n += spot.n;
      asked ??= spot.question;
    }
    this.#label(button, n, spots, asked);
    return button;
  }

  /** The button beside the mark of a question that the page plants: for everybody. */
  #question(spot) {
    const { t, h, set, isolated } = this.#tools;
    const { n, question, planted } = spot;
    const { element } = planted;
    if (!this.#hosts.has(element)) {
      const { host, inside } = island(this.#tools, this.#voice);
      const button = h('button', { type: 'button', class: 'note', 'aria-haspopup': 'dialog' });
      inside.append(button);
      this.#hosts.set(element, { host, button });
    }
    const { host, button } = this.#hosts.get(element);
    if (host.previousSibling !== element) element.after(host);
    tint(host, element.parentElement, this.#block);
    this.#label(button, n, [spot], question);
    set(button, 'aria-label', `${t('question')}: ${isolated(question)} ${n ? t('answers', { n }) : ''}`);
    return button;
  }

  #label(button, n, spots, question) {
    const { t, fill, h } = this.#tools;
    fill(button, h('span', {}, n ? t.number(n) : '?'));
    button.title = question ?? t('notes', { n });
    button.classList.toggle('asks', !!question);
    button.onclick = () => this.#open(spots, button);
  }

  #click(event) {
    const { target, clientX: x, clientY: y } = event;
    if (event.defaultPrevented || !getSelection().isCollapsed) return;
    if (target.closest('a, button, input, select, textarea, label, summary, [contenteditable], postil-thread, postil-note')) return;
    const hit = this.#tools.filter(this.#spots, ({ range }) => {
      for (const { left, right, top, bottom } of range.getClientRects()) if (left <= x && x <= right && top <= y && y <= bottom) return true;
      return false;
    });
    if (hit.length) this.#open(hit, null);
  }
}
