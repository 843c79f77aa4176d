// What opens at some words: over the page, beside them, and closed again with Escape.

const MARGIN = 8;

export class Card {
  #tools;
  #block;
  #back = null;
  #onClose = null;
  #form = null;
  #beside = null;

  /**
   * @param {object} tools
   * @param {{lang: string, dir: string}} voice
   * @param {ShadowRoot} shadow the block's
   * @param {AbortSignal} ended
   */
  constructor(tools, { lang, dir }, shadow, ended) {
    this.#tools = tools;
    this.#block = shadow.host;
    // In the block's shadow, where it has the block's looks; the browser shows a popover over everything.
    this.element = tools.h('div', {
      class: 'postil card',
      part: 'passage',
      role: 'dialog',
      'aria-labelledby': 'passage-title',
      popover: 'manual',
      tabindex: -1,
      title: '',
      hidden: true,
      lang,
      dir,
      onkeydown: (event) => this.#key(event),
    });
    shadow.append(this.element);
    document.addEventListener('pointerdown', (event) => this.#outside(event), { signal: ended, capture: true });
    // The form grows when it is begun.
    const size = new ResizeObserver(() => {
      this.place();
      if (this.isOpen && this.element.matches(':focus-within')) this.element.scrollIntoView({ block: 'nearest' });
    });
    size.observe(this.element);
    ended.addEventListener('abort', () => {
      size.disconnect();
      this.element.remove();
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /**
   * @param {object} o
   * @param {string} o.title
   * @param {string} [o.kind] what the title is, in small letters before it
   * @param {(Node|false)[]} o.content
   * @param {object} [o.form] the form in it
   * @param {() => ?DOMRect} o.beside where the words are
   * @param {() => void} [o.back] gives the focus back
   * @param {() => void} [o.onClose]
   * @param {Element} [o.focus] what the reader is at first
   */
  open({ title, kind, content, form, beside, back, onClose, focus }) {
    const { h, t, fill } = this.#tools;
    this.#onClose?.();
    this.#onClose = onClose;
    this.#back = back;
    this.#form = form;
    fill(
      this.element,
      h(
        'section',
        {},
        h(
          'header',
          {},
          h('p', { class: 'title', id: 'passage-title', dir: 'auto' }, kind && h('span', { class: 'kind' }, kind), title),
          h('button', { type: 'button', class: 'quiet close', 'aria-label': t('close'), onclick: () => this.close(true) }),
        ),
        ...content,
        form?.element,
      ),
    );
    // It lies over the page, and has to be read: what shines through the block is its ground.
    this.#tools.tint(this.element, this.#block, this.#block);
    this.element.hidden = false;
    this.element.showPopover?.();
    this.#beside = beside;
    this.place();
    (focus ?? this.element).focus({ preventScroll: true });
    this.element.scrollIntoView({ block: 'nearest' });
  }

  /** @param {boolean} [back] whether the focus goes back to where it was */
  close(back) {
    if (!this.isOpen) return;
    const held = this.element.matches(':focus-within');
    this.element.hidePopover?.();
    this.element.hidden = true;
    this.#onClose?.();
    this.#onClose = null;
    if (back && held) this.#back?.();
  }

  /** Puts it below the words, or above them where there is more room. */
  place() {
    if (!this.isOpen) return;
    const { style } = this.element;
    Object.assign(style, { left: '0', top: '0' });
    const at = this.#beside();
    const own = this.element.getBoundingClientRect();
    if (!at) return;
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    const left = Math.max(MARGIN, Math.min(at.left, width - own.width - MARGIN));
    const above = height - at.bottom < own.height + MARGIN && at.top > own.height + MARGIN;
    const top = above ? at.top - own.height - MARGIN : at.bottom + MARGIN;
    Object.assign(style, { left: `${left - own.left}px`, top: `${top - own.top}px` });
  }

  #key(event) {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      this.close(true);
    }
    if (event.key !== 'Tab') return;
    // What comes next in the page is far from these words: who tabs goes round.
    const all = this.#tools.filter(this.element.querySelectorAll('button, a[href], input, textarea, select'), (one) => one.checkVisibility?.() ?? one.offsetParent);
    const focused = this.element.getRootNode().activeElement;
    const [to, from] = event.shiftKey ? [all[all.length - 1], all[0]] : [all[0], all[all.length - 1]];
    if (focused !== from && focused !== this.element) return;
    if (focused === this.element && !event.shiftKey) return;
    event.preventDefault();
    to.focus();
  }

  /** Who turns to something else is left alone, but not with half a sentence lost from sight. */
  #outside(event) {
    if (!this.isOpen || this.#tools.has(event.composedPath(), this.element) || this.#form?.text.value) return;
    this.close();
  }
}
