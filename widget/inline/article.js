// The element of the page that the notes are about: its text as it is now, and word of its changes.

import { ArticleText } from './text.js';

const CALM = 400;
// Two blocks on one page must not both write beside one article.
const taken = new Set();

/** The element that a page names, else the first that is likely. */
export function rootOf(selector) {
  try {
    const named = selector && document.querySelector(selector);
    if (named) return named;
  } catch {
    // No selector at all.
  }
  return document.querySelector('article') ?? document.querySelector('main') ?? document.body;
}

export class Article {
  #text = null;

  /**
   * @param {Element} root
   * @param {object} on
   * @param {() => void} on.changed its text is another
   * @param {() => void} on.moved its words may stand elsewhere on the screen
   * @param {AbortSignal} ended
   */
  constructor(root, { changed, moved }, ended) {
    this.root = root;
    let timer;
    const watch = new MutationObserver((records) => {
      if (own(records)) return;
      const before = this.#text?.text;
      this.#text = null;
      clearTimeout(timer);
      // What loads bit by bit is looked at once.
      timer = setTimeout(() => (this.text.text === before ? moved : changed)(), CALM);
    });
    watch.observe(root, { childList: true, characterData: true, subtree: true });
    const size = new ResizeObserver(moved);
    size.observe(root);
    const options = { signal: ended, passive: true };
    addEventListener('resize', moved, options);
    // What scrolls within the page moves the words, but not what lies over the page.
    addEventListener('scroll', ({ target }) => target !== document && moved(), { ...options, capture: true });
    ended.addEventListener('abort', () => {
      clearTimeout(timer);
      watch.disconnect();
      size.disconnect();
      taken.delete(root);
    });
  }

  /** The article of a block, or null if another block has it. */
  static take(selector, on, ended) {
    const root = rootOf(selector);
    if (taken.has(root)) return null;
    taken.add(root);
    return new Article(root, on, ended);
  }

  /** @type {ArticleText} */
  get text() {
    return (this.#text ??= new ArticleText(this.root));
  }

  /** The questions that the page's HTML plants: `[{element, key, question}]`, the first of each key. */
  get planted() {
    const keys = new Set();
    let found = [];
    for (const element of this.root.querySelectorAll('[data-postil-question][data-postil-key]')) {
      const key = element.dataset.postilKey;
      const question = element.dataset.postilQuestion.trim();
      if (key && !keys.has(key)) found = [...found, { element, key, question }];
      keys.add(key);
    }
    return found;
  }
}

/** Whether nothing changed but what we put there. */
function own(records) {
  for (const { type, addedNodes, removedNodes } of records) {
    if (type !== 'childList') return false;
    for (const nodes of [addedNodes, removedNodes]) for (const { localName } of nodes) if (localName !== 'postil-note') return false;
  }
  return true;
}
