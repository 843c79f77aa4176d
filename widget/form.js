// The form as it is at first sight: a text and a button. What else writing takes comes as a part and is built around these
// two, which stay where they are: what was typed meanwhile, the caret and the focus are not touched.

import { fill, h, set } from './dom.js';

let made = 0;

/**
 * @param {object} o
 * @param {(key: string, values?: object) => string} o.t
 * @param {string} o.label what the text is
 * @param {string} o.action what the button says
 * @param {(text: string) => void} [o.announce]
 * @param {(form: object) => Promise<void>} [o.complete] makes it a whole form, which then has a `submit` of its own
 */
export function form({ t, label, action, announce, complete }) {
  const id = `f${(made += 1)}`;
  const text = h('textarea', { id, rows: 3, part: 'input', dir: 'auto', required: true });
  const send = h('button', { type: 'submit', class: 'send', part: 'button' }, action);
  const problem = h('p', { class: 'error', hidden: true });
  const field = h('div', { class: 'field' }, h('label', { for: id }, label), text);
  const foot = h('div', { class: 'foot' }, h('span', { class: 'do' }, send));
  const element = h('form', { class: 'form', part: 'form', novalidate: true }, field, problem, foot);
  const it = { id, element, field, text, problem, foot, send, action };

  /** Whether it is whole; if not, one line says so, and offers to try again. */
  it.wake = async () => {
    problem.hidden = true;
    try {
      await complete(it);
      return true;
    } catch {
      // The button goes with the line, so the focus goes to the text.
      const again = async () => (await it.wake()) && text.focus();
      fill(problem, t('error.part'), ' ', h('button', { type: 'button', class: 'quiet', onclick: again }, t('retry')));
      problem.hidden = false;
      announce(t('error.part'));
      return false;
    }
  };
  element.addEventListener('focusin', () => it.submit || it.wake(), { once: true });
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    // Once whole, it says for itself when it can be sent.
    if (!it.submit) {
      // Disabled would drop the focus.
      set(send, 'aria-disabled', 'true');
      await it.wake();
      set(send, 'aria-disabled', null);
    }
    it.submit?.();
  });
  return it;
}

/** What to tell the reader about a failure. */
export function explain(t, error) {
  return t(`error.${error.code}`, { n: error.retryAfter || 30, ...error.params }) || error.detail || t('error.other');
}
