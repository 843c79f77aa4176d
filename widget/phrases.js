// Every word the widget says. A site replaces any of them through its policy (`policy.phrases`), by the same keys;
// locales/ has the same keys in other languages, and those of the parts: what only a part says is in the part's own phrases.js.

export const ENGLISH = {
  heading: 'What do you think?',
  'count.one': '{n} comment',
  'count.other': '{n} comments',
  none: 'No comments yet. Yours can be the first.',
  closed: 'Comments on this page are closed.',
  signin: 'Only people who are signed in can comment here.',
  unavailable: 'The comments cannot be loaded just now.',
  retry: 'Try again',
  lost: 'There is no connection to the comments just now.',

  comment: 'Your comment',
  send: 'Send',
  sending: 'Sending…',

  sort: 'Sort by',
  newest: 'Newest',
  oldest: 'Oldest',
  top: 'Top',
  active: 'Active',
  'fresh.one': '{n} new comment',
  'fresh.other': '{n} new comments',
  load_more: 'Load more comments',
  'more_replies.one': 'Show {n} more reply',
  'more_replies.other': 'Show {n} more replies',
  'replies.one': 'Show {n} reply',
  'replies.other': 'Show {n} replies',
  hide_replies: 'Hide replies',
  show_more: 'Show more',
  show_less: 'Show less',

  guest: 'Guest',
  author: 'Author',
  moderator: 'Moderator',
  admin: 'Admin',
  to: 'to {name}',
  comment_by: 'Comment by {name}, {time}',
  reply_by: 'Reply by {name} to {to}, {time}, level {level}',
  deleted: 'This comment was deleted.',
  edited: 'edited',
  pinned: 'pinned',
  new: 'new',
  pending: 'waiting for approval',
  up: 'Vote up, {n}',
  down: 'Vote down, {n}',
  reply: 'Reply',
  react: 'React',
  reactions: 'Reactions',
  edit: 'Edit',
  delete: 'Delete',
  now: 'just now',

  'error.offline': 'This could not be sent: the service cannot be reached. Nothing is lost; please try again.',
  'error.rate_limited': 'That was a little fast. Please try again in {n} s.',
  'error.part': 'This part of the page did not load.',
  'error.other': 'Something went wrong. Please try again.',

  'error.sso': 'Signing you in did not work.',
};

/** What English, and a language that has only the site's words, learns from parts. */
const LEARNT = {};

/**
 * The function that speaks: `t('count', {n: 3})`. With an `n` the plural form for the locale is looked up first. What the
 * site says goes before what the language says, and that before English.
 * @param {Object<string, string>} replaced a site's own phrases
 * @param {string} locale BCP 47
 * @param {Object<string, string>} [words] the language's, where it is not English
 * @param {Object<string, string>} [english]
 */
export function speaker(replaced, locale, words = LEARNT, english = ENGLISH) {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const sources = [replaced ?? {}, words, english];
  const find = (key, n) => {
    const forms = typeof n === 'number' ? [`${key}.${rules.select(n)}`, `${key}.other`, key] : [key];
    for (const source of sources) for (const form of forms) if (Object.hasOwn(source, form)) return source[form];
    return '';
  };
  const t = (key, values = {}) =>
    find(key, values.n).replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === 'number' ? t.number(value) : (value ?? '');
    });
  /** A bare number, in the digits that the sentences have. */
  t.number = (n) => numbers.format(n);
  /** The language's words: parts add theirs, for all voices. */
  t.words = words;
  /** The same voice with the English of a part, which the part brings itself. */
  t.with = (more) => speaker(replaced, locale, words, { ...ENGLISH, ...more });
  return t;
}

/** A name inside a sentence, isolated so that its direction cannot turn the words around it. */
export const isolated = (name) => `\u2068${name}\u2069`;
