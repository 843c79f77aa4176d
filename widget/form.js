// Writing: one form for comments, replies and edits. The text stays in it until the service has it.

import { fill, h, set } from './dom.js';
import { isolated } from './phrases.js';
import { randomKey } from './api.js';

const FIELDS = [
  ['name', 'text', 'name'],
  ['email', 'email', 'email'],
  ['website', 'url', 'url'],
];
const POINTERS = { '/body': 'body', '/author/name': 'name', '/author/email': 'email', '/author/website': 'website' };
let made = 0;

/**
 * @param {object} o
 * @param {(key: string, values?: object) => string} o.t
 * @param {object} o.policy the site's
 * @param {string} o.label what the text is
 * @param {string} o.action what the button says
 * @param {string} [o.text] to begin with
 * @param {object|null} o.author `{name, email, website}` as given last, kept while the page lives; null asks nothing
 * @param {{get: () => string|undefined, set: (text: string|undefined) => void}} o.draft
 * @param {(entry: {body: string, author?: object}, key: string) => Promise<void>} o.submit
 * @param {() => void} [o.cancel]
 * @param {(text: string) => void} o.announce
 */
export function form(o) {
  const { t, policy } = o;
  const id = `f${(made += 1)}`;
  const inputs = {};
  const notes = {};
  const sent = { entry: null, key: null };
  let busy = false;

  const field = (name, label, input, extra) => {
    inputs[name] = input;
    notes[name] = h('span', { class: 'error', id: `${id}-${name}-error`, hidden: true });
    set(input, 'id', `${id}-${name}`);
    return h('div', { class: 'field' }, h('label', { for: `${id}-${name}` }, label), input, extra, notes[name]);
  };

  const left = h('span', { class: 'left muted' });
  const text = h('textarea', { rows: o.text === undefined ? 3 : 5, part: 'input', dir: 'auto', required: true });
  const body = field('body', o.label, text);
  text.value = o.draft.get() ?? o.text ?? '';

  const asked = o.author ? FIELDS.filter(([name]) => policy.fields[name] !== 'hidden') : [];
  const who = h(
    'div',
    { class: 'who' },
    ...asked.map(([name, type, autocomplete]) => {
      const required = policy.fields[name] === 'required';
      const remarks = [!required && t('optional'), name === 'email' && t('email_note')].filter(Boolean).join(' · ');
      const label = h('span', {}, t(name), remarks && h('span', { class: 'muted' }, ` (${remarks})`));
      const input = h('input', { type, autocomplete, required, part: 'input', dir: 'auto' });
      input.value = o.author[name] ?? '';
      return field(name, label, input);
    }),
  );
  // Someone who has said their name need not be asked again, unless something required is still unknown.
  const known = asked.length > 0 && o.author.name && asked.every(([name]) => o.author[name] || !inputs[name].required);
  const as = known && h('p', { class: 'as muted' }, t('writing_as', { name: isolated(o.author.name) }), ' ');
  if (as) {
    who.hidden = true;
    as.append(
      h('button', { type: 'button', class: 'quiet', onclick: () => ((who.hidden = false), as.remove(), inputs.name?.focus()) }, t('other_name')),
    );
  }

  const problem = h('p', { class: 'error', hidden: true });
  const send = h('button', { type: 'submit', class: 'send', part: 'button' }, o.action);
  const cancel = o.cancel && h('button', { type: 'button', class: 'quiet', onclick: () => o.cancel() }, t('cancel'));
  const element = h(
    'form',
    { class: 'form', part: 'form', novalidate: true },
    body,
    who,
    problem,
    h('div', { class: 'foot' }, h('span', { class: 'hint muted' }, t('hint')), left, as, h('span', { class: 'do' }, cancel, send)),
  );

  const complain = (name, message) => {
    const input = inputs[name];
    const note = input && !who.hidden ? notes[name] : name === 'body' ? notes.body : problem;
    fill(note, message);
    note.hidden = false;
    if (note !== problem) {
      set(input, 'aria-invalid', 'true');
      set(input, 'aria-describedby', note.id);
      return input;
    }
    return null;
  };

  const forgive = () => {
    problem.hidden = true;
    for (const name of Object.keys(inputs)) {
      notes[name].hidden = true;
      set(inputs[name], 'aria-invalid', null);
      set(inputs[name], 'aria-describedby', null);
    }
  };

  const length = () => [...text.value].length;
  const size = () => {
    const rest = policy.length.max - length();
    left.textContent = rest < Math.min(200, policy.length.max / 4) ? t('left', { n: rest }) : '';
    left.classList.toggle('over', rest < 0);
  };

  const flaws = () => {
    const found = [];
    if (!text.value.trim()) found.push(['body', t('error.empty')]);
    else if (length() > policy.length.max) found.push(['body', t('error.too_long', { n: policy.length.max })]);
    for (const [name] of asked) {
      if (inputs[name].required && !inputs[name].value.trim()) found.push([name, t('error.required')]);
    }
    return found;
  };

  const show = (found) => {
    const refused = found.map(([name, message]) => complain(name, message)).filter(Boolean);
    (refused[0] ?? text).focus();
    o.announce(found.map(([, message]) => message).join(' '));
  };

  const submit = async () => {
    if (busy) return;
    forgive();
    const found = flaws();
    if (found.length) return show(found);
    const entry = { body: text.value };
    if (asked.length) {
      entry.author = {};
      for (const [name] of asked) {
        const value = inputs[name].value.trim();
        o.author[name] = value;
        if (value) entry.author[name] = value;
      }
    }
    // The same entry keeps its key, so sending again after a lost answer cannot post it twice.
    const written = JSON.stringify(entry);
    if (sent.entry !== written) Object.assign(sent, { entry: written, key: randomKey() });
    busy = true;
    // Disabled would drop the focus, and the text must not change under a request on its way.
    set(send, 'aria-disabled', 'true');
    text.readOnly = true;
    send.textContent = t('sending');
    try {
      await o.submit(entry, sent.key);
      text.value = '';
      o.draft.set(undefined);
      sent.entry = null;
      size();
    } catch (error) {
      const named = (error.errors ?? []).map((one) => [POINTERS[one.pointer], one.detail]);
      show(named.length ? named : [[null, explain(t, error)]]);
    } finally {
      busy = false;
      text.readOnly = false;
      set(send, 'aria-disabled', null);
      send.textContent = o.action;
    }
  };

  text.addEventListener('input', () => {
    o.draft.set(text.value);
    size();
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
    if (event.key === 'Escape' && o.cancel) o.cancel();
  });
  size();
  return { element, focus: () => text.focus() };
}

/** What to tell the reader about a failure. */
export function explain(t, error) {
  return t(`error.${error.code}`, { n: error.retryAfter ?? 30 }) || error.detail || t('error.other');
}
