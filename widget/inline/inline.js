// Notes on passages: on the page beside their words, and in the thread with them. Comes when a page has such notes or may
// have them. Everything that the first file holds comes with `tools`.

import { Article } from './article.js';
import { tint } from './island.js';
import { Listed } from './listed.js';
import { Marks } from './marks.js';
import { ENGLISH } from './phrases.js';
import { LONGEST, selecting } from './selecting.js';
import { CSS } from './style.js';
import { normalise } from './text.js';

const PATIENCE = 1000;

/**
 * @param {object} lent what the first file lends, see parts.js
 * @returns {{attach: () => void, hear: (change: object) => void}}
 */
export function begin(lent) {
  const { conversation, map, filter } = lent;
  const { client, ended, place } = conversation;
  const tools = { ...lent, t: conversation.t.with(ENGLISH) };
  const shadow = conversation.view.element.getRootNode();
  const { lang, dir } = conversation.view.element.parentElement;
  lent.dress(shadow, CSS);

  /** The passages; of those whose words nobody has found yet, the words are there if they are the reader's to see. */
  const known = () => {
    const { passages, waiting = [] } = conversation.model;
    for (const { id, quote, selector } of waiting) {
      const passage = passages.get(id);
      if (passage?.quotation === 'waiting') passages.set(id, { ...passage, quote, selector });
    }
    return passages;
  };
  let places = new Map();
  let spots = [];
  let run = 0;
  let timer = null;
  const article = Article.take(place.article, { changed: () => locate(), moved: () => moved() }, ended);
  const listed = new Listed(tools, {
    entries() {
      let entries = map(spots, (one) => ({ spot: one, passage: one.passages[0], n: one.n }));
      for (const { id, answer_count: n, quote } of known().values()) if (quote && !spotOf(id)) entries = [...entries, { ...entry(id), n }];
      return entries;
    },
    entry,
    go: (one) => marks.go(one),
    open: (one, opener) => open('open', [one], opener, opener),
    paste: (opener) => open('paste', opener),
    may: () => !!article && allowed(),
  });
  const on = {
    text: () => article.text,
    activate: (range) => marks?.activate(range, true),
    filter(query) {
      remarks.close();
      listed.filter(query, true);
    },
    locate: () => locate(),
  };
  let remarks = null;
  /** Opens what the part for that brings. */
  async function open(what, ...given) {
    try {
      remarks ??= (await conversation.part('remark')).remarks({ tint, normalise, english: ENGLISH, longest: LONGEST }, on);
      remarks[what](...given);
    } catch (error) {
      conversation.view.fail(lent.explain(tools.t, error));
    }
  }
  const marks = article && new Marks(tools, article, { lang, dir }, shadow.host, (found, opener) => open('open', found, opener), ended);
  const selection = article && selecting(tools, article, marks, { may: allowed, selected: (range, back) => open('select', range, back) }, ended);
  addEventListener('hashchange', () => listed.seek(), { signal: ended });

  /** A place in the text: its range, what is about it, and what that comes to. */
  function spot(range, about, planted) {
    let n = 0;
    let question = planted?.question;
    for (const passage of about) {
      n += passage.answer_count;
      question ??= passage.question;
    }
    return { range, passages: about, planted, n, question };
  }

  /** What is known of a passage. */
  function entry(id) {
    const passage = known().get(id);
    return passage && { passage, spot: spotOf(id), state: places.get(id)?.state };
  }

  /** Whether the words are where they were, and among the same words: an article that was not edited asks nothing of the service. */
  function stands(text, { exact, prefix, suffix, start, end }) {
    if (start === null || text.slice(start, end) !== exact) return false;
    const before = prefix.trim();
    const after = suffix.trim();
    return text.slice(start - before.length - 2, start).trimEnd().endsWith(before) && text.slice(end, end + after.length + 2).trimStart().startsWith(after);
  }

  function spotOf(id) {
    for (const spot of spots) for (const one of spot.passages) if (one.id === id) return spot;
    return undefined;
  }

  function moved() {
    marks.move();
    selection.follow();
    remarks?.moved();
  }

  /** Whether the reader may comment on words of their own choice. */
  function allowed() {
    const { policy, info, person } = conversation.model;
    if (info.state !== 'open' || !conversation.model.may('comment')) return false;
    return policy.passages === 'everybody' || (policy.passages === 'signed_in' && !!person && person.kind !== 'guest');
  }

  /** Only the service knows how many comments a passage has, and a lively thread is asked about now and then. */
  function recount() {
    timer ??= setTimeout(async () => {
      timer = null;
      const page = await client.page(place).catch(() => null);
      for (const passage of page?.passages ?? []) known().set(passage.id, passage);
      if (page && !ended.aborted) locate();
    }, PATIENCE);
  }

  /** Finds every passage in the text as it is now. */
  async function locate() {
    if (!article) return listed.sync();
    const mine = (run += 1);
    const { text, planted } = article;
    let rest = filter([...known().values()], ({ quote }) => quote);
    let found = [];
    for (const one of planted) {
      const range = document.createRange();
      range.selectNodeContents(one.element);
      found = [...found, spot(range, filter(rest, ({ key }) => key === one.key), one)];
      rest = filter(rest, ({ key }) => key !== one.key);
    }
    const answer = new Map();
    const show = () => {
      places = answer;
      spots = found;
      for (const passage of rest) {
        const { start, end } = answer.get(passage.id) ?? {};
        const range = text.range(start, end);
        if (range) spots = [...spots, spot(range, [passage])];
      }
      marks.show(spots);
      listed.sync();
    };
    for (const { id, selector } of rest) if (stands(text, selector)) answer.set(id, selector);
    show();
    if (answer.size === rest.length) return;
    const ask = await conversation.part('anchors').catch(() => null);
    const items = (await ask?.(text.text)) ?? [];
    // The text, or what is to be found in it, changed meanwhile.
    if (mine !== run || ended.aborted) return;
    for (const item of items) if (!answer.has(item.passage_id)) answer.set(item.passage_id, item);
    show();
  }

  /** The reader's own comment is there before the stream tells. */
  return {
    /** The thread was read, for the first time or anew. */
    async attach() {
      listed.attach();
      await locate();
      listed.seek();
    },

    /** A change of the thread. */
    hear({ type, comment, passage_id: about }) {
      // Of many that have moved the stream names none: they are read anew.
      if (type === 'passage.updated' && about) locate();
      else if (!comment || comment.passage_id) recount();
    },
  };
}
