// What opens at some words: a question or the words, the latest that was said of them, and a form. Comes when one is opened.

import { Card } from './card.js';
import { ENGLISH } from './phrases.js';
import { CSS } from './style.js';

const LATEST = 3;

/** @param {object} lent what the first file lends, see parts.js */
export function begin(lent) {
  return {
    /**
     * What opens beside an article.
     * @param {object} more what the part for the page lends: `{tint, english, longest}`
     * @param {object} on see `Remarks`
     */
    remarks(more, on) {
      const { conversation } = lent;
      const { element } = conversation.view;
      const shadow = element.getRootNode();
      const tools = { ...lent, ...more, t: conversation.t.with({ ...more.english, ...ENGLISH }) };
      lent.dress(shadow, CSS);
      return new Remarks(tools, new Card(tools, element.parentElement, shadow, conversation.ended), on);
    },
  };
}

class Remarks {
  #tools;
  #card;
  #on;
  #run = 0;

  /**
   * @param {object} tools
   * @param {Card} card
   * @param {object} on
   * @param {(query: object) => void} on.filter shows these comments in the thread
   * @param {() => Promise<void>} on.locate the passages are others
   * @param {() => import('../inline/text.js').ArticleText} on.text
   * @param {(range: ?Range) => void} on.activate shows which words are meant
   */
  constructor(tools, card, on) {
    this.#tools = tools;
    this.#card = card;
    this.#on = on;
  }

  /** The words are elsewhere on the screen. */
  moved() {
    this.#card.place();
  }

  close() {
    this.#card.close();
  }

  /** Opens at one place or, where several share it, lets the reader choose; there, or beside an element. */
  open(spots, opener, at = spots[0].range) {
    const [spot] = spots;
    const back = () => opener?.focus();
    if (spots.length === 1) return this.#ask(spot, back, false, at);
    const { h, t, map } = this.#tools;
    const choice = (one) => {
      const choose = () => this.#ask(one, back);
      const { title, quote } = this.#said(one);
      return h('li', {}, h('button', { type: 'button', class: 'choose', dir: 'auto', onclick: choose }, one.question ? title : quote, ' ', h('span', { class: 'muted' }, `· ${t('answers', { n: one.n })}`)));
    };
    this.#card.open({ title: t('several'), content: [h('ul', {}, ...map(spots, choice))], beside: () => at.getBoundingClientRect(), back });
  }

  /** Opens a form about words that the reader has selected. */
  select(range, back) {
    const place = this.#on.text().offsets(range);
    this.#ask({ range, passages: [], place, n: 0 }, back, true);
  }

  /** Opens a form that asks for the words, for those who select none. */
  paste(opener) {
    const { h, t } = this.#tools;
    const words = h('textarea', { id: 'passage-words', rows: 2, part: 'input', dir: 'auto', required: true, 'aria-describedby': 'passage-hint' });
    const field = h(
      'div',
      { class: 'field' },
      h('label', { for: 'passage-words' }, t('words')),
      words,
      h('span', { class: 'muted hint', id: 'passage-hint' }, t('words_hint')),
    );
    const about = () => {
      const text = this.#on.text();
      const place = this.#find(text, words.value);
      const code = !place ? 'words' : place.twice ? 'words_twice' : place.end - place.start > this.#tools.longest ? 'quote_too_long' : null;
      if (!code) return { target: text.target(place) };
      words.focus();
      throw { code, detail: t(`error.${code}`, { n: this.#tools.longest }) };
    };
    const sent = (made) => {
      this.#keep(made, { place: this.#find(this.#on.text(), words.value) });
      this.#card.close(true);
    };
    const form = this.#form({ about, draft: 'words', label: t('comment'), sent });
    form.element.prepend(field);
    this.#card.open({ title: t('passage'), content: [], form, beside: () => opener.getBoundingClientRect(), back: () => opener.focus(), focus: words });
  }

  /** Where words stand in the text: `{start, end, twice}`, or null. */
  #find({ text }, words) {
    const wanted = this.#tools.normalise(words);
    const at = wanted ? text.indexOf(wanted) : -1;
    if (at < 0) return null;
    const length = (some) => some.length - (some.match(/[\ud800-\udbff]/g)?.length ?? 0);
    const start = length(text.slice(0, at));
    return { start, end: start + length(wanted), twice: text.includes(wanted, at + 1) };
  }

  /** The reader's own comment is beside the words before the stream tells. */
  #keep({ passage_id: id, passage, status }, spot) {
    const { model } = this.#tools.conversation;
    const { passages } = model;
    if (status !== 'published' || !id) return;
    const { planted } = spot;
    passages.set(id, passage);
    // What everybody is told of it has no words while they wait.
    model.waiting = [...(model.waiting ?? []), passage];
    spot.passages = this.#tools.filter(passages.values(), (one) => one.id === id || (planted && one.key === planted.key));
    this.#on.locate();
  }

  /** What a place is called: `{title, kind, quote}`. */
  #said({ planted, passages, place, n, question }) {
    const { t } = this.#tools;
    const quote = passages[0]?.quote ?? (place ? this.#on.text().target(place).exact : planted?.element.textContent.trim());
    return { quote, title: question ?? (n ? t('notes', { n }) : t('remark')), kind: question && t('question') };
  }

  #ask(spot, back, writes, at = spot.range) {
    const { h, t, conversation } = this.#tools;
    const { model } = conversation;
    const { question } = spot;
    const { quote, title, kind } = this.#said(spot);
    const latest = h('ul', { class: 'latest', hidden: true });
    const all = h('button', { type: 'button', class: 'quiet all', hidden: true }, t('view_all'));
    const note = h('p', { class: 'muted', hidden: true });
    const tell = (words) => {
      note.textContent = words;
      note.hidden = !words;
    };
    const closed = this.#tools.filter(spot.passages, ({ state }) => state === 'closed').length > 0;
    const form =
      !closed && model.info.state === 'open' && model.may('comment')
        ? this.#form({
            about: () => this.#about(spot),
            draft: spot.planted?.key ?? spot.passages[0]?.id ?? 'selected',
            label: t(question ? 'your_answer' : 'comment'),
            sent: (made) => {
              this.#keep(made, spot);
              this.#latest(spot, latest, all, tell);
            },
          })
        : null;
    if (closed) tell(t('question_closed'));
    else if (!form) tell(t(model.info.state === 'open' ? 'signin' : 'closed'));
    this.#card.open({
      title,
      kind,
      content: [h('blockquote', { class: 'quoted', dir: 'auto' }, h('span', { class: 'words' }, quote)), latest, all, note],
      form,
      beside: () => at.getBoundingClientRect(),
      back,
      focus: writes ? form?.text : null,
      onClose: () => this.#on.activate(null),
    });
    this.#on.activate(spot.range);
    if (spot.passages.length) this.#latest(spot, latest, all, tell);
    else if (question && form) tell(t('no_answers'));
  }

  /** What names the words to the service. */
  #about({ planted, passages, place, range }) {
    if (passages.length === 1) return { passage_id: passages[0].id };
    const text = this.#on.text();
    const at = place ?? text.offsets(range);
    if (at && at.end - at.start > this.#tools.longest) throw { code: 'quote_too_long', detail: this.#tools.t('error.quote_too_long', { n: this.#tools.longest }) };
    const target = at ? text.target(at) : { exact: planted.element.textContent };
    return { target: planted ? { ...target, key: planted.key } : target };
  }

  #form({ label, about, draft, sent }) {
    const { t, form, conversation } = this.#tools;
    return form({
      t,
      label,
      action: t('send'),
      complete: async (it) => (await conversation.part('compose')).remark(it, { about, draft: `passage:${draft}`, sent }),
    });
  }

  async #latest({ passages }, list, all, tell) {
    const { h, t, fill, map, conversation, setServerHtml } = this.#tools;
    const run = (this.#run += 1);
    let comments = [];
    let total = 0;
    try {
      for (const { id, answer_count: count } of passages) {
        total += count;
        const query = { passage: id, sort: 'newest', limit: LATEST };
        if (comments.length < LATEST) comments = [...comments, ...(await conversation.client.read(`threads/${conversation.model.info.id}/comments`, query)).items];
      }
    } catch {
      tell(t('unavailable'));
      return;
    }
    if (run !== this.#run) return;
    fill(
      list,
      ...map(comments, ({ author, body_html: html, created_at: at }, index) => {
        const body = h('div', { class: 'body said', dir: 'auto' });
        if (html) setServerHtml(body, html);
        else body.textContent = t('deleted');
        return h(
          'li',
          {},
          h('div', { class: 'meta' }, h('span', { class: 'name' }, h('bdi', {}, author?.name || t('guest'))), h('time', { class: 'muted', datetime: at }, conversation.clock.ago(at))),
          body,
        );
      }),
    );
    list.hidden = !comments.length;
    tell(this.#tools.filter(passages, ({ state }) => state === 'closed').length ? t('question_closed') : '');
    all.hidden = !comments.length;
    all.textContent = `${t('view_all')} (${t.number(total)})`;
    all.onclick = () => this.#on.filter(passages.length === 1 ? { passage: passages[0].id } : { filter: 'inline' });
    this.#card.place();
  }
}
