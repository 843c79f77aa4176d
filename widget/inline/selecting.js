// The reader selects words: a button at their end offers to comment on them. The selection and its copy stay the reader's.

// What the service takes as a quote, in code points.
export const LONGEST = 2000;
const CALM = 250;
const BELOW = 8;
// The handles of a selection by touch hang below it.
const HANDLES = 28;

/**
 * @param {object} tools
 * @param {import('./article.js').Article} article
 * @param {import('./marks.js').Marks} marks
 * @param {object} on
 * @param {() => boolean} on.may whether the reader may comment on what they select
 * @param {(range: Range, back: () => void) => void} on.selected
 * @param {AbortSignal} signal
 */
export function selecting({ h, t, conversation }, article, marks, on, signal) {
  const button = h('button', { type: 'button', class: 'remark', hidden: true }, t('remark'));
  const limit = h('p', { class: 'limit', hidden: true }, t('too_much', { n: LONGEST }));
  marks.inside.append(button, limit);
  let range = null;
  let pressed = false;
  let touch = false;
  let typed = false;
  let declined = '';
  let timer;

  const hide = () => {
    button.hidden = limit.hidden = true;
  };

  /** The part of the selection that is in the article. */
  const selected = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed || !on.may()) return null;
    const found = selection.getRangeAt(0).cloneRange();
    const { root } = article;
    const { activeElement } = document;
    if (!found.intersectsNode(root) || activeElement?.isContentEditable || /^(INPUT|TEXTAREA)$/.test(activeElement?.tagName)) return null;
    // A third click selects up to where the next paragraph begins, be it outside.
    if (!root.contains(found.startContainer)) found.setStart(root, 0);
    if (!root.contains(found.endContainer)) found.setEnd(root, root.childNodes.length);
    return found;
  };

  const look = () => {
    // A selection is looked at when it is made, not while.
    if (pressed) return;
    const now = selected();
    const place = now && article.text.offsets(now);
    // Who closed the form has the words selected again, and need not be asked again.
    if (!place || `${place.start}-${place.end}` === declined) return hide();
    declined = '';
    const within = place.end - place.start <= LONGEST;
    const shown = !button.hidden;
    range = now;
    button.hidden = !within;
    limit.hidden = within;
    follow();
    if (within && typed && !shown) conversation.view.announce(t('remark_hint'));
  };

  /** Stays at the end of the words, wherever they go. */
  const follow = () => {
    const one = button.hidden ? limit : button;
    if (one.hidden) return;
    const { clientWidth, clientHeight } = document.documentElement;
    const gap = touch ? HANDLES : BELOW;
    // The last line that leaves room for it.
    let line = range.getBoundingClientRect();
    for (const rect of range.getClientRects()) if (rect.width && rect.bottom + gap + one.offsetHeight < clientHeight) line = rect;
    const left = Math.max(8, Math.min(line.right - one.offsetWidth / 2, clientWidth - one.offsetWidth - 8));
    marks.put(one, left, line.bottom + gap);
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, CALM);
  };
  const remark = () => {
    const selection = getSelection();
    const words = range;
    const { start, end } = article.text.offsets(words);
    hide();
    on.selected(words, () => {
      // As it was before; a finger would have to tap it away.
      declined = `${start}-${end}`;
      selection.removeAllRanges();
      if (!touch) selection.addRange(words);
    });
  };

  button.onpointerdown = button.onmousedown = (event) => event.preventDefault();
  button.onclick = remark;
  button.onkeydown = (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    button.blur();
    hide();
  };
  const listen = (type, hear, options) => document.addEventListener(type, hear, { signal, ...options });
  const inside = (event) => event.composedPath()[0] === button;
  listen('selectionchange', () => (getSelection().isCollapsed ? (button.matches(':focus') || hide()) : soon()));
  const start = (event) => {
    if (inside(event)) return;
    pressed = true;
    typed = false;
    touch = event.pointerType === 'touch';
    hide();
  };
  const end = () => {
    pressed = false;
    soon();
  };
  const first = { capture: true };
  listen('pointerdown', start, first);
  listen('pointerup', end, first);
  listen('pointercancel', end, first);
  listen('keydown', (event) => {
    typed = true;
    if (button.hidden || inside(event) || event.defaultPrevented) return;
    if (event.key === 'Escape') hide();
    // The button is what comes next after the words, wherever it is in the page.
    if (event.key === 'Tab' && !event.shiftKey && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      button.focus({ preventScroll: true });
    }
  });
  signal.addEventListener('abort', () => clearTimeout(timer));
  soon();
  return { follow };
}
