// Deleting, with a while to think again. The comment goes when the while is over, or when the page does.

import { ENGLISH } from './phrases.js';

const WHILE = 8_000;

/**
 * @param {object} tools what the first file lends, see parts.js
 * @returns {{remove: Function}}
 */
export function begin({ h, set, filter, conversation }) {
  const { client } = conversation;
  const t = conversation.t.with(ENGLISH);
  const waiting = new Map();
  const path = (id) => `comments/${id}`;
  const announce = (text) => conversation.view.announce(text);
  const at = (id) => conversation.view.comment(id);

  /** Shows at the comment that it is going; the thread may have been drawn anew meanwhile. */
  const dress = (it) => {
    const line = waiting.get(it.id)?.line;
    it.article.classList.toggle('removing', !!line);
    if (line && line.parentNode !== it.article) it.article.append(line);
  };

  /** Takes the line away; tells whether the reader was there, or null when it is gone already. */
  const settle = (id) => {
    if (!waiting.has(id)) return null;
    const { timer, line } = waiting.get(id);
    clearTimeout(timer);
    waiting.delete(id);
    const focused = line.contains(line.getRootNode().activeElement);
    line.remove();
    if (at(id)) dress(at(id));
    return focused;
  };

  /** Takes the comment from the page; who was there is led to what is left of it, or to what is next to it. */
  const gone = (id, focused) => {
    if (!at(id)) return;
    const { element } = at(id);
    const next = element.nextElementSibling ?? element.previousElementSibling ?? element.parentElement?.closest('li');
    conversation.model.removed(id);
    conversation.view.sync();
    announce(t('removed'));
    if (!focused) return;
    const [left] = filter([element, next], (one) => one?.isConnected);
    if (left) left.querySelector('article').focus();
    else conversation.view.focusHeading();
  };

  const finish = (id) => {
    const { timer, button } = waiting.get(id);
    clearTimeout(timer);
    set(button, 'aria-disabled', 'true');
    const work = () =>
      conversation.quietly(async () => {
        let focused;
        try {
          await client.act('DELETE', path(id));
        } finally {
          focused = settle(id);
        }
        if (focused !== null) gone(id, focused);
      });
    // A thread that was read anew need not have it on show.
    if (at(id)) at(id).attempt(work);
    else work().catch(() => {});
  };

  const leave = () => {
    for (const id of [...waiting.keys()]) {
      client.act('DELETE', path(id), { keepalive: true }).catch(() => {});
      // A page that comes back from the browser's memory must not offer to undo it.
      gone(id, settle(id));
    }
  };
  addEventListener('pagehide', leave, { signal: conversation.ended });
  conversation.ended.addEventListener('abort', () => {
    for (const id of [...waiting.keys()]) finish(id);
  });

  conversation.view.adorn(dress);

  return {
    remove(it) {
      const { id } = it;
      if (waiting.has(id)) return;
      const undo = () => {
        if (button.getAttribute('aria-disabled')) return;
        settle(id);
        announce(t('kept'));
        at(id).remove.focus();
      };
      const button = h('button', { type: 'button', class: 'quiet', onclick: undo }, t('undo'));
      const line = h('p', { class: 'undo' }, t('removing'), ' ', button);
      waiting.set(id, { line, button, timer: setTimeout(finish, WHILE, id) });
      dress(it);
      button.focus();
      announce(t('removing'));
      // A page that is being closed cannot renew a token that has expired: it is renewed now.
      client.me(conversation.model.info.id).catch(() => {});
    },
  };
}
