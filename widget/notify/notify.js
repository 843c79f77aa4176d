// "Notify of": a bar above the thread for those who only read, and a question in the form for those who write.

import { ENGLISH } from './phrases.js';

const CSS = `
.notify { display: flex; flex-wrap: wrap; align-items: end; gap: .5em .75em; margin-block: .75em; }
.notify p { flex: 1 1 100%; margin: 0; }
.notify label { font-size: .8125em; line-height: 1.25rem; }
.notify .field { flex: 1 1 11em; margin: 0; }
.notify select, .notify input { width: 100%; min-height: 2.5em; padding: .375em .625em; font: inherit; color: inherit; background: transparent; border: 1px solid var(--edge); border-radius: var(--round); }
.notify option { color: initial; }
.notify .tell { min-height: 2.5em; padding: .375em 1em; font-weight: 600; background: var(--tint); border: 1px solid var(--edge); border-radius: var(--round); cursor: pointer; }
@media (any-pointer: coarse), (max-width: 30rem) { .notify select, .notify input, .notify .tell { min-height: 44px; min-width: 44px; } }
`;
const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);

let made = 0;

/**
 * @param {object} lent what the first file lends, see parts.js
 * @returns {{bar: () => void, question: Function}}
 */
export function begin({ h, set, fill, map, has, explain, conversation }) {
  const t = conversation.t.with(ENGLISH);
  const { client, place } = conversation;
  const root = conversation.view.element.getRootNode();
  if (root.adoptedStyleSheets && !has(root.adoptedStyleSheets, sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  const scopes = (names, chosen) =>
    map(names, (name) => h('option', { value: name, selected: name === chosen }, t(`notify.${name}`)));
  const field = (label, input, extra) => {
    input.id = `n${(made += 1)}`;
    return h('div', { class: 'field' }, h('label', { for: input.id }, label), input, extra);
  };
  const address = () => h('input', { type: 'email', autocomplete: 'email', part: 'input', dir: 'auto', maxlength: 254 });
  /** Reads again what the service knows of this reader's choice. */
  const refresh = async () => {
    const me = await client.me(conversation.model.info.id);
    if (me) conversation.model.overlay(me);
  };

  const element = h('form', { class: 'notify', part: 'notify', novalidate: true });
  const said = h('p', { class: 'muted' });
  const problem = h('p', { class: 'error', hidden: true });
  const what = h('select', {});
  const email = address();
  const send = h('button', { type: 'submit', class: 'tell', part: 'button' }, t('notify.do'));
  const stop = h('button', { type: 'button', class: 'quiet' }, t('notify.stop'));
  let drawn;

  const attempt = async (button, work) => {
    if (button.getAttribute('aria-disabled')) return;
    set(button, 'aria-disabled', 'true');
    problem.hidden = true;
    try {
      await work();
    } catch (error) {
      fill(problem, explain(t, error));
      problem.hidden = false;
    }
    set(button, 'aria-disabled', null);
  };
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(send, async () => {
      const { site, url, key } = place;
      const body = { site, url, key, scope: what.value, email: email.value.trim() || undefined };
      // Who chooses something is somebody from now on, so that one letter is enough for all that they choose.
      const asGuest = conversation.model.policy.guests;
      await client.act('POST', 'subscriptions', { body, asGuest });
      await refresh();
      draw(t('notify.asked'));
      if (element.contains(root.activeElement) || !root.activeElement) stop.focus();
    });
  });
  stop.addEventListener('click', () =>
    attempt(stop, async () => {
      await client.act('DELETE', `subscriptions/${conversation.model.subscription.id}`);
      await refresh();
      draw();
      email.focus();
    }),
  );

  /** Says what there is, or asks; once more only when something else is to be said. */
  const draw = (news) => {
    const chosen = conversation.model.subscription;
    const { person } = conversation.model;
    const now = JSON.stringify([chosen, person?.id, news]);
    if (now === drawn) return;
    drawn = now;
    const on = chosen?.state === 'active' ? `${t('notify')}: ${t(`notify.${chosen.scope}`)}` : chosen && t('notify.asked');
    fill(said, on || news || '');
    if (news) conversation.view.announce(news);
    if (chosen) return fill(element, said, stop, problem);
    fill(what, ...scopes(person ? ['thread', 'replies'] : ['thread'], what.value));
    fill(element, said, field(t('notify'), what), field(t('email'), email), send, problem);
  };

  return {
    /** Puts the bar above the thread, or brings it up to date. */
    bar() {
      const { bar } = conversation.view;
      if (element.nextSibling !== bar) bar.before(element);
      draw();
    },

    /**
     * The question in a form.
     * @param {object} it the form
     * @param {object} who its signature
     */
    question(it, who) {
      const choice = h('select', {});
      const own = address();
      const ask = field(t('email'), own);
      const chosen = conversation.model.subscription;
      fill(choice, ...scopes(['none', 'replies', 'thread'], chosen ? 'none' : choice.value));
      const need = () => (ask.hidden = choice.value === 'none' || !!who.field('email') || chosen?.state === 'active');
      choice.addEventListener('change', need);
      need();
      it.problem.before(h('div', { class: 'notify' }, field(t('notify'), choice), ask));
      return {
        /** Adds to what is sent. */
        read(entry) {
          if (choice.value === 'none') return;
          entry.notify = choice.value === 'thread' ? 'all' : 'replies';
          const email = own.value.trim();
          if (!ask.hidden && email) entry.author = { ...entry.author, email };
        },
        /** The service took it. */
        async sent() {
          if (choice.value === 'none') return;
          choice.value = 'none';
          need();
          await refresh().catch(() => {});
          draw();
        },
      };
    },
  };
}
