// The notes in the thread: the words above each comment on them, the filter, and the passages as a list for everybody who
// does not see highlights.

const HASH = '#postil-passage-';

export class Listed {
  #tools;
  #on;
  #bar;
  #pill;
  #leave;
  #add;
  #list;
  #items;
  #quotes = new WeakMap();
  #adorns = false;

  /**
   * @param {object} tools
   * @param {object} on
   * @param {() => object[]} on.entries what there is a note on: `{spot, passage, n}`, without a spot what has no place
   * @param {(id: string) => ?object} on.entry that of a passage
   * @param {(spot: object) => void} on.go
   * @param {(spot: object, opener: Element) => void} on.open
   * @param {(opener: Element) => void} on.paste
   * @param {() => boolean} on.may whether the reader may comment on passages
   */
  constructor(tools, on) {
    const { h, t } = (this.#tools = tools);
    this.#on = on;
    this.#pill = h('button', { type: 'button', class: 'pill', onclick: () => this.filter(this.narrowed ? {} : { filter: 'inline' }) });
    this.#leave = h('button', { type: 'button', class: 'quiet', onclick: () => this.filter({}) }, t('all_comments'));
    this.#add = h('button', { type: 'button', class: 'quiet', 'aria-haspopup': 'dialog', onclick: () => on.paste(this.#add) }, t('passage'));
    this.#items = h('ul');
    this.#list = h('details', { class: 'passages' }, h('summary', {}, t('passages')), this.#items);
    this.#bar = h('div', { class: 'notes', role: 'group', 'aria-label': t('inline') }, this.#pill, this.#leave, this.#add, this.#list);
  }

  get narrowed() {
    return Object.keys(this.#tools.conversation.model.only).length > 0;
  }

  /** Puts the bar into a block that was drawn anew. */
  attach() {
    const { view } = this.#tools.conversation;
    view.bar.before(this.#bar);
    if (!this.#adorns) view.adorn((comment) => this.#adorn(comment));
    this.#adorns = true;
  }

  /** Makes it all say what is known now. */
  sync() {
    const { t, set, fill, h, map, conversation } = this.#tools;
    const entries = this.#on.entries();
    this.#pill.textContent = t('inline');
    this.#pill.hidden = !conversation.model.passages.size && !this.narrowed;
    set(this.#pill, 'aria-pressed', String(this.narrowed));
    this.#leave.hidden = !this.narrowed;
    this.#add.hidden = !this.#on.may();
    this.#list.hidden = !entries.length;
    this.#bar.hidden = this.#pill.hidden && this.#add.hidden && this.#list.hidden;
    fill(
      this.#items,
      ...map(entries, (entry) => {
        const { spot, n } = entry;
        const words = spot?.question ? t('answers', { n }) : t('notes', { n });
        const open = spot && h('button', { type: 'button', class: 'quiet', 'aria-haspopup': 'dialog', onclick: () => this.#on.open(spot, open) }, words);
        return h('li', {}, spot?.question ? this.#link(entry, spot.question) : this.#words(entry), open ?? words);
      }),
    );
    const { list } = conversation.view;
    for (const { id } of list.querySelectorAll('article')) this.#adorn(conversation.view.comment(id.slice('postil-'.length)));
  }

  /** Narrows the thread to what a query asks for, or shows all of it again. */
  async filter(only, seek) {
    const { conversation } = this.#tools;
    const { model, view, client } = conversation;
    view.fail(null);
    try {
      const list = await client.comments(model.info.id, { sort: model.sort, ...only });
      model.only = only;
      model.show(list, model.sort);
      view.sync();
    } catch (error) {
      view.fail(error.detail || this.#tools.t('unavailable'));
    }
    this.sync();
    if (!seek) return;
    this.#bar.scrollIntoView({ block: 'start' });
    this.#leave.focus({ preventScroll: true });
  }

  /** Goes where the page's address says. */
  seek() {
    const { spot } = (location.hash.startsWith(HASH) && this.#on.entry(location.hash.slice(HASH.length))) || {};
    if (spot) this.#on.go(spot);
  }

  /** Words that lead to their place, if they have one. */
  #link({ spot, passage }, words) {
    const { h, t } = this.#tools;
    if (!spot) return h('span', { class: 'words', dir: 'auto' }, words);
    const go = (event) => {
      event.preventDefault();
      this.#on.go(spot);
    };
    return h('a', { class: 'words', dir: 'auto', href: HASH + (passage?.id ?? ''), title: t('to_place'), onclick: go }, words);
  }

  /** The words of a passage, whether they are gone, and who reads them; or that it is about the text, where nobody else may. */
  #words(entry) {
    const { h, t } = this.#tools;
    const { state, passage: { quote, quotation } } = entry;
    const muted = (key) => h('span', { class: 'muted' }, t(key));
    if (!quote) return muted(quotation === 'removed' ? 'struck' : 'on_text');
    return h('span', {}, state === 'orphaned' && muted('then'), this.#link(entry, `“${quote}”`), quotation === 'waiting' && muted(quotation));
  }

  #adorn(comment) {
    const { h, fill, conversation } = this.#tools;
    const { passage_id: id, passage } = conversation.model.get(comment.id) ?? {};
    // One's own that waits is about a passage that nobody else knows of.
    const entry = this.#on.entry(id) ?? (passage && { passage });
    if (!entry) return;
    const quote = this.#quotes.get(comment) ?? h('blockquote', { class: 'quoted', part: 'quote' });
    this.#quotes.set(comment, quote);
    const question = entry.spot?.question ?? entry.passage.question;
    fill(quote, question && h('b', { dir: 'auto' }, question), this.#words(entry));
    if (quote.nextSibling !== comment.body) comment.body.before(quote);
  }
}
