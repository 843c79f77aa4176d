// Long comments are cut short, and opened by a button. What is cut is still there for those who have the page read to them or
// who search it.

import { filter } from './lists.js';

// Not worth a button, in pixels.
const SLACK = 96;

/**
 * Tells which bodies that are cut are long. One observer for the whole block: it measures once the page is laid out, and
 * everything before anything is changed.
 * @param {(body: HTMLElement, long: boolean) => void} tell
 */
export function folding(tell) {
  const observer = new ResizeObserver((entries) => {
    // A body that is not on show has no size.
    const cut = filter(entries, ({ target }) => target.clientHeight && target.classList.contains('cut'));
    const long = new Set(filter(cut, ({ target }) => target.scrollHeight - target.clientHeight > SLACK));
    for (const entry of cut) tell(entry.target, long.has(entry));
  });
  return (body) => observer.observe(body);
}
