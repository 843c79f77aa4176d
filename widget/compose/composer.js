// One form for comments, replies and edits, built around the text and the button that are there already. The text stays in
// it until the service has it.

const FIELDS = [
  ['name', 'text', 'name'],
  ['email', 'email', 'email'],
  ['website', 'url', 'url'],
];
const POINTERS = { '/body': 'body', '/author/name': 'name', '/author/email': 'email', '/author/website': 'website' };

/**
 * @param {object} tools
 * @param {object} it the form to build around, see the first file's form.js
 * @param {object} o
 * @param {string} o.target what is written: `root`, or `reply:` or `edit:` and a comment's id
 * @param {string} [o.text] to begin with
 * @param {boolean} [o.asks] whether to ask who writes
 * @param {(entry: {body: string, author?: object}, key: string, done: () => void) => Promise<void>} o.send calls `done` once
 *   the service has it
 * @param {() => void} [o.close] when it is sent
 * @param {() => void} [o.cancel]
 */
export function composer(tools, it, o) {
  const { h, set, fill, t, explain, isolated, randomKey, conversation, drafts, author, filter, map } = tools;
  const { text, send, element, problem } = it;
  const { policy } = conversation.model;
  const inputs = { body: text };
  const notes = {};
  const sent = { entry: null, key: null };
  let busy = false;
  // A form that nobody is writing in stays small, and moves nothing when it becomes whole.
  let begun = false;

  const note = (name) => (notes[name] = h('span', { class: 'error', id: `${it.id}-${name}-error`, hidden: true }));
  it.field.append(note('body'));
  if (!text.value) text.value = drafts.get(o.target) ?? o.text ?? '';

  // Who has signed in is known; a guest is asked what the site wants to know.
  const asks = () => (o.asks && conversation.view.mode !== 'member' ? filter(FIELDS, ([name]) => policy.fields[name] !== 'hidden') : []);
  const who = h('div', { class: 'who' });
  const as = h('p', { class: 'as muted' });
  const drawWho = (open) => {
    const { person } = conversation.model;
    author.name ??= person?.name ?? undefined;
    author.website ??= person?.website ?? undefined;
    for (const [name] of FIELDS) delete inputs[name];
    const asked = asks();
    fill(
      who,
      ...map(asked, ([name, type, autocomplete]) => {
        const required = policy.fields[name] === 'required';
        const remarks = `${required ? '' : t('optional')}${!required && name === 'email' ? ' · ' : ''}${name === 'email' ? t('email_note') : ''}`;
        const id = `${it.id}-${name}`;
        const input = (inputs[name] = h('input', { id, type, autocomplete, required, part: 'input', dir: 'auto' }));
        input.value = author[name] ?? '';
        return h('div', { class: 'field' }, h('label', { for: id }, t(name), remarks && h('span', { class: 'muted' }, ` (${remarks})`)), input, note(name));
      }),
    );
    // Someone who has said their name need not be asked again, unless something required is still unknown.
    const known = !open && asked.length > 0 && author.name && !filter(asked, ([name]) => !author[name] && inputs[name].required).length;
    who.hidden = !begun || known || !asked.length;
    as.hidden = !begun || !known;
    if (!known) return;
    const change = () => {
      drawWho(true);
      inputs.name?.focus();
    };
    fill(as, t('writing_as', { name: isolated(author.name) }), ' ', h('button', { type: 'button', class: 'quiet', onclick: change }, t('other_name')));
  };

  const left = h('span', { class: 'left muted' });
  it.field.after(who);
  it.foot.prepend(h('span', { class: 'hint muted' }, t('hint')), left, as);
  if (o.cancel) send.before(h('button', { type: 'button', class: 'quiet', onclick: o.cancel }, t('cancel')));

  const complain = (name, message) => {
    if (name !== 'body' && inputs[name] && who.hidden) drawWho(true);
    const input = inputs[name];
    const where = input ? notes[name] : problem;
    fill(where, message);
    where.hidden = false;
    if (!input) return null;
    set(input, 'aria-invalid', 'true');
    set(input, 'aria-describedby', where.id);
    return input;
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
    let found = [];
    const flaw = (name, message) => (found = [...found, [name, message]]);
    if (!text.value.trim()) flaw('body', t('error.empty'));
    else if (length() > policy.length.max) flaw('body', t('error.too_long', { n: policy.length.max }));
    for (const [name] of asks()) {
      if (inputs[name].required && !inputs[name].value.trim()) flaw(name, t('error.required'));
    }
    return found;
  };

  const show = (found) => {
    const [refused] = filter(map(found, ([name, message]) => complain(name, message)), Boolean);
    (refused ?? text).focus();
    let said = '';
    for (const [, message] of found) said += `${message} `;
    conversation.view.announce(said);
  };

  it.submit = async () => {
    if (busy) return;
    forgive();
    const found = flaws();
    if (found.length) return show(found);
    const entry = { body: text.value };
    for (const [name] of asks()) {
      const value = (author[name] = inputs[name].value.trim());
      if (value) entry.author = { ...entry.author, [name]: value };
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
      await o.send(entry, sent.key, () => {
        text.value = '';
        drafts.delete(o.target);
        sent.entry = null;
        o.close?.();
        size();
        drawWho();
      });
    } catch (error) {
      const named = map(error.errors ?? [], (one) => [POINTERS[one.pointer], one.detail]);
      show(named.length ? named : [[null, explain(t, error)]]);
    } finally {
      busy = false;
      text.readOnly = false;
      set(send, 'aria-disabled', null);
      send.textContent = it.action;
    }
  };

  text.addEventListener('input', () => {
    drafts.set(o.target, text.value);
    size();
  });
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) it.submit();
    if (event.key === 'Escape' && o.cancel) o.cancel();
  });
  /** The reader signed in or out, or the thread closed. */
  it.changed = () => {
    if (!busy) drawWho();
  };
  const begin = () => {
    if (begun) return;
    begun = true;
    drawWho();
  };
  element.addEventListener('focusin', begin);
  drawWho();
  if (text.value || element.matches(':focus-within')) begin();
  size();
}
