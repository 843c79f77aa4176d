// Who writes: what the site wants to know of a guest, remembered on this device if the reader asks for it.

const FIELDS = [
  ['name', 'text', 'name'],
  ['email', 'email', 'email'],
  ['website', 'url', 'url'],
];

/** What all forms of a thread know about their reader. */
export class Author {
  #key;
  values = {};
  remembered = false;

  /** @param {string} site what tells one site of one service from another */
  constructor(site) {
    this.#key = `postil-author:${site}`;
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key));
      for (const [name] of FIELDS) if (typeof kept[name] === 'string') this.values[name] = kept[name];
      this.remembered = true;
    } catch {
      // Nothing was kept, or storage is refused.
    }
  }

  /** Keeps the values for the next visit, or forgets them. */
  remember(wanted) {
    this.remembered = wanted;
    try {
      if (wanted) localStorage.setItem(this.#key, JSON.stringify(this.values));
      else localStorage.removeItem(this.#key);
    } catch {
      // Then the reader is asked again.
    }
  }
}

/**
 * The questions of one form.
 * @param {object} tools
 * @param {object} it the form
 * @param {(name: string) => Element} note a place for what is wrong about a field
 */
export function signature({ h, fill, filter, has, map, t, isolated, conversation, author }, it, note) {
  const { policy } = conversation.model;
  const { values } = author;
  const who = h('div', { class: 'who' });
  const as = h('p', { class: 'as muted' });
  const remember = h('input', { type: 'checkbox', checked: author.remembered, onchange: () => remember.checked || author.remember(false) });
  const kept = h('label', { class: 'check' }, remember, t('remember'));
  const inputs = {};
  let asked = [];
  let changing = false;

  const wanted = filter(FIELDS, ([name]) => policy.fields[name] !== 'hidden');
  for (const [name, type, autocomplete] of wanted) {
    const required = policy.fields[name] === 'required';
    const remarks = `${required ? '' : t('optional')}${!required && name === 'email' ? ' · ' : ''}${name === 'email' ? t('email_note') : ''}`;
    const id = `${it.id}-${name}`;
    const input = (inputs[name] = h('input', { id, type, autocomplete, required, part: 'input', dir: 'auto', 'aria-describedby': `${id}-error` }));
    const label = h('label', { for: id }, t(name), remarks && h('span', { class: 'muted' }, ` (${remarks})`));
    who.append(h('div', { class: 'field' }, label, input, note(name)));
  }
  who.hidden = true;

  /** Asks what is to be asked now. @param {boolean} begun whether anybody is writing: until then the form stays small */
  const draw = (begun) => {
    const { person } = conversation.model;
    values.name ||= person?.name ?? '';
    values.website ||= person?.website ?? '';
    // Who has signed in is known.
    asked = conversation.view.mode === 'member' ? [] : wanted;
    if (who.hidden) for (const [name] of wanted) inputs[name].value = values[name] ?? '';
    // Someone who has said their name need not be asked again, unless something required is still unknown.
    const known = !changing && asked.length > 0 && values.name && !filter(asked, ([name]) => !values[name] && inputs[name].required).length;
    who.hidden = kept.hidden = !begun || known || !asked.length;
    // What is being filled in stays on show until it is sent.
    changing = !who.hidden;
    as.hidden = !begun || !known;
    const change = h('button', { type: 'button', class: 'quiet', onclick: () => (open(), inputs.name?.focus()) }, t('other_name'));
    if (known) fill(as, t('writing_as', { name: isolated(values.name) }), ' ', change);
  };
  const open = () => {
    changing = true;
    draw(true);
  };

  return {
    parts: [who, kept, as],
    draw,
    /** The field of that name where the reader can see it, or undefined. */
    field(name) {
      if (!has(map(asked, ([one]) => one), name)) return undefined;
      if (who.hidden) open();
      return inputs[name];
    },
    fields: () => map(asked, ([name]) => [name, inputs[name]]),
    /** What to send of it; undefined where nothing is asked or given. */
    read() {
      let given;
      for (const [name] of asked) {
        values[name] = inputs[name].value.trim();
        if (values[name]) given = { ...given, [name]: values[name] };
      }
      return given;
    },
    /** The service has taken it. */
    sent() {
      who.hidden = true;
      changing = false;
      if (asked.length) author.remember(remember.checked);
    },
  };
}
