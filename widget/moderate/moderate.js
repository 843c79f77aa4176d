// Deciding in place, for whoever moderates: what waits stands among the rest, and each comment has its buttons.

import { WORDS } from './words.js';

const ROLES = ['moderator', 'admin'];

// Milliseconds between two looks, and most comments of one.
const EVERY = 60_000;
const MOST = 500;

/**
 * @param {object} tools what the first file lends, see parts.js
 * @returns {{look: Function}}
 */
export function begin({ h, map, has, filter, conversation }) {
  const { client } = conversation;
  const language = new Intl.Locale(conversation.view.element.closest('[lang]').lang).language;
  const t = conversation.t.with(WORDS[language] ?? WORDS.en);
  const rows = new WeakMap();
  const moderates = () => has(ROLES, conversation.model.person?.role);

  /** Hears what followed from it, as everybody does, without waiting for the stream. */
  const catchUp = async () => {
    const { model, view } = conversation;
    let page;
    do {
      page = await client.changes(model.info.id, model.version);
      for (const change of page.items) model.apply(change);
    } while (page.next);
    view.sync();
  };

  const decide = (it, action) =>
    it.attempt(async () => {
      const { model, view } = conversation;
      const { id } = it;
      const { status, revision } = model.get(id);
      const focused = it.article.matches(':focus-within');
      const body = { action, ids: [id], from: status, revisions: revision ? { [id]: revision } : {} };
      const { items } = await client.act('POST', 'moderation/actions', { body });
      if (!items[0].ok) throw Object.assign(new Error(items[0].detail), { code: items[0].code, detail: t(`error.${items[0].code}`) || items[0].detail });
      if (status === 'pending' && action === 'spam') model.withdraw(id);
      await catchUp();
      decided = [...decided, id];
      view.announce(t(`done.${action}`));
      count();
      // The button that was pressed is there no more.
      if (focused && it.article.isConnected) it.focus();
      else if (focused) view.focusHeading();
    });

  /** Gives a comment its buttons, and shows those that fit how it stands. */
  const dress = (it) => {
    const { model } = conversation;
    // Whoever signs out, or moderates no more, is shown no more of it.
    if (pending.length && !moderates()) leave();
    const { status, parent_id: parent, pinned } = model.get(it.id);
    let row = rows.get(it);
    if (!row) {
      const button = (action) => h('button', { type: 'button', class: 'quiet', onclick: () => decide(it, action) }, t(action));
      row = { approve: button('approve'), spam: button('spam'), pin: button('pin'), unpin: button('unpin') };
      row.all = h('span', { role: 'group', 'aria-label': t('moderate') }, row.approve, row.spam, row.pin, row.unpin);
      rows.set(it, row);
      it.actions.append(row.all);
    }
    const published = status === 'published';
    row.all.hidden = !moderates() || !(published || status === 'pending');
    row.approve.hidden = published;
    row.spam.hidden = model.isMine(model.get(it.id));
    row.pin.hidden = !published || !!parent || pinned;
    row.unpin.hidden = !published || !pinned;
  };

  const waits = h('span', { class: 'muted' });
  const shut = h('button', { type: 'button', class: 'quiet', onclick: () => close() });
  const bar = h('p', { class: 'moderate', role: 'group', 'aria-label': t('moderate') }, waits, ' ', shut);
  let pending = [];
  let decided = [];

  const count = () => {
    const { model } = conversation;
    let n = 0;
    for (const id of pending) if (model.get(id)?.status === 'pending') n += 1;
    waits.textContent = n ? t('waits', { n }) : '';
    shut.textContent = t(model.info.state === 'open' ? 'close' : 'open');
    bar.hidden = !moderates();
  };

  const close = async () => {
    const { model, view } = conversation;
    view.fail(null);
    try {
      const state = model.info.state === 'open' ? 'closed' : 'open';
      model.info = await client.act('PATCH', `moderation/threads/${model.info.id}`, { body: { state } });
      view.sync();
      view.announce(t(`done.${state}`));
    } catch (error) {
      view.fail(error.detail || t('unavailable'));
    }
    count();
  };

  /** What waits in this thread now, the first some hundreds of it. */
  const waiting = async () => {
    const path = `moderation/comments?thread=${conversation.model.info.id}&status=pending&limit=100`;
    let items = [];
    let after = '';
    do {
      const page = await client.act('GET', path + after);
      items = [...items, ...page.items];
      after = page.next && `&after=${page.next}`;
    } while (after && items.length < MOST);
    return items;
  };

  const look = async () => {
    const { model, view } = conversation;
    await catchUp();
    decided = [];
    const items = await waiting();
    // Decided about while the list was on its way, here or elsewhere, it waits no more.
    const isOld = ({ id, public_html: html }) => has(decided, id) || (!html && model.get(id)?.status === 'published');
    const still = filter(items, (comment) => !isOld(comment));
    const ids = map(still, ({ id }) => id);
    settle(filter(pending, (id) => !has(ids, id)));
    for (const comment of still) model.foresee(comment);
    pending = ids;
    view.sync();
    count();
  };

  /** Lets these wait no more: what was let out, the thread's log says. */
  const settle = (ids) => {
    const { model } = conversation;
    for (const id of ids) {
      const { status, public_html: html } = model.get(id) ?? {};
      if (status !== 'pending' || model.isMine(model.get(id))) continue;
      // Where only a new text waited, the one that everybody reads stays.
      if (html) model.patch(id, { status: 'published', body_html: html, public_html: null, revision: null, reasons: null });
      else model.withdraw(id);
    }
  };

  /** Shows nothing any more that is for moderators alone. */
  const leave = () => {
    const ids = pending;
    pending = [];
    clearTimeout(timer);
    queueMicrotask(() => {
      settle(ids);
      conversation.view.sync();
      count();
    });
  };

  let timer;
  /** Looks again every now and then: the log that everybody follows is silent about what waits. */
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (!conversation.view.element.isConnected) return;
      try {
        if (!document.hidden) await look();
      } catch (error) {
        if (has([401, 403], error.status)) {
          conversation.model.person = { ...conversation.model.person, role: 'reader' };
          return leave();
        }
      }
      again();
    }, EVERY);
  };

  conversation.view.adorn(dress);

  return {
    /** Shows what waits in this thread, and the thread's own button. */
    async look() {
      conversation.view.bar.after(bar);
      count();
      again();
      await look();
    },
  };
}
