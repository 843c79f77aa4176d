// One form for comments, replies and edits, built around the text and the button that are there already. What was written
// stays in it until the service has it.

import { signature } from './signature.js';

const POINTERS = { '/body': 'body', '/author/name': 'name', '/author/email': 'email', '/author/website': 'website' };

/**
 * @param {object} tools
 * @param {object} it the form to build around, see the first file's form.js
 * @param {object} o
 * @param {string} o.target what is written: `root`, or `reply:` or `edit:` and a comment's id
 * @param {string} [o.text] to begin with
 * @param {boolean} [o.own] a comment of its own: says who writes, and is on show while it is being sent
 * @param {(entry: {body: string, author?: object}, key: string) => Promise<(here: boolean) => void>} o.send gives what to do when the form
 *   is done, which is told whether the reader is still here
 * @param {() => void} [o.close] when it is sent
 * @param {(keep: boolean) => void} [o.cancel]
 */
export function composer(tools, it, o) {
  const { h, set, fill, focused, t, explain, conversation, drafts, filter, has, map } = tools;
  const { text, send, element, problem } = it;
  const { policy } = conversation.model;
  const notes = {};
  let busy = false;
  let begun = false;
  let waiting = null;
  let dirty = false;

  // Named by its field also while it is empty; then it says nothing.
  const note = (name) => (notes[name] = h('span', { class: 'error', id: `${it.id}-${name}-error`, hidden: true }));
  const announce = (words) => conversation.view.announce(words);
  const keep = () => {
    if (o.text !== undefined && text.value === o.text) drafts.drop(o.target);
    else drafts.keep(o.target, text.value);
  };

  // What was kept comes before what was typed while this was on its way.
  const kept = drafts.get(o.target)?.text ?? o.text ?? '';
  const typed = text.value;
  if (kept && kept !== typed) text.value = typed ? `${kept}\n\n${typed}` : kept;
  if (typed) keep();
  // What was written before takes no time now.
  const opened = kept ? 0 : Date.now();
  // Programs fill in whatever they find.
  const trap = h('input', { class: 'unseen', name: 'subject', tabindex: -1, autocomplete: 'off', 'aria-hidden': 'true' });

  it.field.append(note('body'));
  const who = o.own ? signature(tools, it, note) : null;
  // What these do comes when it is asked for.
  const aid = (name, state) => {
    const ask = async () => {
      set(button, 'aria-busy', 'true');
      try {
        await (await conversation.part('aids'))[name](it, button);
      } catch (error) {
        show([[null, explain(t, error)]]);
      }
      set(button, 'aria-busy', null);
    };
    const button = h('button', { type: 'button', class: 'quiet', [state]: 'false', onclick: ask }, t(name));
    return button;
  };
  const left = h('span', { class: 'left muted', id: `${it.id}-left` });
  set(text, 'aria-describedby', `${notes.body.id} ${left.id}`);
  it.foot.prepend(h('span', { class: 'aids' }, aid('preview', 'aria-pressed'), aid('help', 'aria-expanded')), left);
  if (who) problem.before(trap, ...who.parts);
  // What a writer may choose, between what they wrote and the button; a form without it is a form all the same.
  let wish;
  if (who) conversation.part('notify').then((notify) => (wish = notify.question(it, who)), () => {});
  if (o.cancel) send.before(h('button', { type: 'button', class: 'quiet', onclick: () => o.cancel(false) }, t('cancel')));

  const inputs = () => [['body', text], ...(who?.fields() ?? [])];
  const complain = (name, message) => {
    const input = name === 'body' ? text : who?.field(name);
    const where = input ? notes[name] : problem;
    fill(where, message);
    where.hidden = false;
    if (!input) return null;
    set(input, 'aria-invalid', 'true');
    return input;
  };
  const forgive = (only) => {
    if (!only) problem.hidden = true;
    for (const [name, input] of inputs()) {
      if (only && only !== input) continue;
      fill(notes[name]);
      notes[name].hidden = true;
      set(input, 'aria-invalid', null);
    }
  };
  const show = (found, here = true) => {
    it.close?.();
    const [refused] = filter(map(found, ([name, message]) => complain(name, message)), Boolean);
    if (here) (refused ?? text).focus();
    let said = '';
    for (const [, message] of found) said += `${message} `;
    announce(said);
  };

  const room = () => policy.length.max - [...text.value].length;
  const count = () => {
    const rest = room();
    left.textContent = rest < 0 ? t('over', { n: -rest }) : rest < Math.min(200, policy.length.max / 4) ? t('left', { n: rest }) : '';
    if (rest < 0 && !left.classList.contains('over')) announce(left.textContent);
    left.classList.toggle('over', rest < 0);
  };

  const flaws = () => {
    const wrong = !text.value.trim() ? t('error.empty') : room() < 0 && t('error.too_long', { n: policy.length.max });
    const missing = filter(who?.fields() ?? [], ([, input]) => input.required && !input.value.trim());
    return [...(wrong ? [['body', wrong]] : []), ...map(missing, ([name]) => [name, t('error.required')])];
  };

  /** Sending is possible again. */
  const ready = () => {
    clearInterval(waiting);
    waiting = null;
    set(send, 'aria-disabled', null);
    fill(problem, t('ready'));
    announce(t('ready'));
  };
  /** The service names a time to wait for: it is counted down where it can be seen, and said once. */
  const wait = ({ code, retryAfter }) => {
    const until = Date.now() + retryAfter * 1000;
    const words = () => {
      const n = Math.ceil((until - Date.now()) / 1000);
      return n > 0 && t(code === 'rate_limited' ? 'error.rate_limited' : 'error.busy', { n });
    };
    const tick = () => {
      if (words()) fill(problem, words());
      else ready();
    };
    set(send, 'aria-disabled', 'true');
    waiting = setInterval(tick, 1000);
    return words();
  };

  const refused = (error, here) => {
    const named = map(error.errors ?? [], (one) => [POINTERS[one.pointer], explain(t, one)]);
    if (named.length) return show(named, here);
    show([[null, error.retryAfter ? wait(error) : explain(t, error)]], here);
    if (error.code === 'thread_closed') {
      conversation.model.info = { ...conversation.model.info, state: 'closed' };
      conversation.view.sync();
    }
    if (error.code === 'offline') addEventListener('online', () => !problem.hidden && !busy && ready(), { once: true, signal: conversation.ended });
  };

  it.submit = async () => {
    if (busy || waiting) return;
    forgive();
    const found = flaws();
    if (found.length) return show(found);
    const entry = { body: text.value };
    const author = who?.read();
    if (author) entry.author = author;
    wish?.read(entry);
    if (who) entry.form = { took: Date.now() - opened, trap: !!trap.value };
    keep();
    const key = drafts.key(o.target, JSON.stringify({ ...entry, form: 0 }));
    busy = true;
    // Disabled would drop the focus, and the text must not change under a request on its way.
    set(send, 'aria-disabled', 'true');
    send.textContent = t('sending');
    text.readOnly = true;
    it.close?.();
    // It is on show among the comments while it is under way.
    if (o.own) text.value = '';
    if (o.close && o.own) element.hidden = true;
    let at;
    // Who went on to something else while it was on its way is left there.
    const here = () => has([at, null], focused(conversation.view.element));
    try {
      const sending = o.send(entry, key);
      at = focused(conversation.view.element);
      const done = await sending;
      const stays = here();
      text.value = '';
      drafts.drop(o.target);
      dirty = false;
      who?.sent();
      wish?.sent();
      begun = element.contains(element.getRootNode().activeElement);
      o.close?.();
      done(stays);
    } catch (error) {
      text.value = entry.body;
      element.hidden = false;
      set(send, 'aria-disabled', null);
      refused(error, here());
    } finally {
      busy = false;
      text.readOnly = false;
      send.textContent = it.action;
      if (!waiting) set(send, 'aria-disabled', null);
      it.changed();
    }
  };

  text.addEventListener('input', () => {
    if (o.own && !dirty) tools.prepare();
    dirty = true;
    keep();
    count();
  });
  element.addEventListener('input', ({ target }) => forgive(target));
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) it.submit();
    if (event.key === 'Escape') o.cancel?.(true);
  });
  // Not at its buttons, which must not move away under a finger.
  text.addEventListener('focus', () => {
    if (begun) return;
    begun = true;
    it.changed();
  });
  // Another window may have kept its own in the meantime; the one that is left last is the one that is found.
  addEventListener('pagehide', () => dirty && element.isConnected && text.value && keep(), { signal: conversation.ended });

  /** The reader signed in or out, or the thread closed. */
  it.changed = () => {
    if (busy) return;
    who?.draw(begun);
    count();
  };
  // Not under a finger that is on its way to the button.
  begun = text.matches(':focus') || (!!text.value && !element.matches(':focus-within'));
  it.changed();
}
