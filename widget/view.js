// The block on the page: heading, form, order, list. Draws what the model holds and asks `act` for everything else.

import { fill, h, set } from './dom.js';
import { CommentView } from './comment.js';
import { folding } from './folding.js';
import { form } from './form.js';
import { has, map } from './lists.js';

const ORDERS = ['newest', 'oldest', 'top', 'active'];

export class BlockView {
  #model;
  #shared;
  #views = new Map();

  /**
   * @param {import('./thread.js').Thread} model
   * @param {object} shared `{t, clock, act, part, adornments, level, before?}`, the view before this one, where there was one: what is
   *   being written, or asked of the reader beside it, stays as it is
   */
  constructor(model, shared) {
    this.#model = model;
    const bodies = new WeakMap();
    const watch = folding((body, long) => bodies.get(body).cut(long));
    this.#shared = {
      ...shared,
      announce: (text) => this.announce(text),
      watch: (body, view) => {
        bodies.set(body, view);
        watch(body);
      },
      unfold: (id) => this.#views.get(id)?.fold(false),
      missing: (view) => this.#drawMore(view),
    };
    const { t, act, before } = shared;

    this.said = h('p', { class: 'unseen', role: 'status' });
    this.count = h('span', { class: 'count muted', part: 'count' });
    this.notice = before?.notice ?? h('p', { class: 'notice', part: 'notice' });
    this.form =
      before?.form ??
      form({
        t,
        label: t('comment'),
        action: t('send'),
        announce: (text) => this.announce(text),
        complete: async (it) => (await shared.part('compose')).comment(it),
      });
    this.write = before?.write ?? h('div', { class: 'write' }, this.notice, this.form.element);
    this.fresh = h('button', { type: 'button', class: 'fresh', part: 'fresh', onclick: () => act.showFresh() });
    this.list = h('ol', { class: 'list', part: 'list' });
    this.more = h('button', { type: 'button', class: 'more', onclick: () => act.more() }, t('load_more'));
    this.none = h('p', { class: 'none muted' }, t('none'));
    this.problem = h('p', { class: 'error', hidden: true });
    this.lost = h('p', { class: 'outage muted', part: 'outage', hidden: true }, t('lost'), ' ', again(t, () => act.listen()));
    this.order = h(
      'select',
      { id: 'sort', onchange: () => act.sortBy(this.order.value) },
      ...map(ORDERS, (order) => h('option', { value: order, selected: order === model.sort }, t(order))),
    );
    this.bar = h('div', { class: 'bar' }, h('label', { for: 'sort', class: 'muted' }, t('sort')), this.order);
    this.element = h(
      'section',
      { 'aria-labelledby': 'heading' },
      h('header', { class: 'head' }, h(`h${shared.level}`, { id: 'heading', part: 'heading', tabindex: -1 }, t('heading')), this.count),
      this.write,
      this.bar,
      this.lost,
      h('div', { class: 'waits' }, this.fresh),
      this.none,
      this.list,
      this.problem,
      this.more,
      this.said,
    );
  }

  /** Makes the page say what the model says. What is right already is left untouched. */
  sync() {
    const model = this.#model;
    const { t } = this.#shared;
    if (this.#mode() !== this.mode) this.#drawWriting();
    this.count.textContent = model.info.comment_count ? t('count', { n: model.info.comment_count }) : '';
    this.none.hidden = model.roots.length > 0 || model.fresh.length > 0 || !this.#writable();
    this.bar.hidden = model.roots.length < 2;
    this.fresh.hidden = !model.fresh.length;
    this.fresh.textContent = t('fresh', { n: model.fresh.length });
    this.more.hidden = !model.next;
    this.#place(this.list, model.roots);
  }

  age() {
    for (const view of this.#views.values()) if (view.element.isConnected) view.age();
  }

  /** Fetches what acting takes and makes the form whole before anybody asks; should that fail, nobody need know yet. */
  prepare() {
    const { part } = this.#shared;
    const quiet = () => {};
    part('opinion').catch(quiet);
    if (this.#writable()) part('compose').then((compose) => compose.comment(this.form), quiet);
    part('notify').then((notify) => notify.bar(), quiet);
  }

  /** Lets a part add to every comment, now and whenever one is brought up to date. */
  adorn(add) {
    const { adornments } = this.#shared;
    adornments[adornments.length] = add;
    for (const view of this.#views.values()) add(view);
  }

  comment(id) {
    return this.#views.get(id);
  }

  focusHeading() {
    this.element.querySelector('#heading').focus();
  }

  /** Says something to those who listen; the region is emptied first, or the same words twice would be silent. */
  announce(text) {
    this.said.textContent = '';
    setTimeout(() => (this.said.textContent = text), 50);
  }

  /** Whether the service answers: if not, one quiet line says so. */
  hear(heard) {
    if (heard && this.lost.matches(':focus-within')) this.focusHeading();
    this.lost.hidden = heard;
  }

  fail(text) {
    this.problem.textContent = text ?? '';
    this.problem.hidden = !text;
    if (text) this.announce(text);
  }

  #mode() {
    if (this.#model.info.state !== 'open') return 'closed';
    if (!this.#model.may('comment')) return 'signin';
    return this.#model.person?.kind === 'sso' ? 'member' : 'form';
  }

  #writable() {
    return !has(['closed', 'signin'], this.mode);
  }

  #drawWriting() {
    const { t } = this.#shared;
    this.mode = this.#mode();
    const writable = this.#writable();
    this.notice.textContent = t(this.mode);
    this.notice.hidden = writable;
    // What was being written stays on show where it can no longer be sent.
    this.form.element.hidden = !writable && !this.form.text.value;
    this.form.changed?.();
  }

  #place(list, ids) {
    const views = map(ids, (id) => this.#view(id));
    const wanted = new Set(map(views, ({ element }) => element));
    // First, so that what stays is not moved: an element that is moved loses the focus.
    for (const element of [...list.children]) if (!wanted.has(element)) element.remove();
    let at = list.firstElementChild;
    for (const view of views) {
      if (view.element === at) at = at.nextElementSibling;
      else list.insertBefore(view.element, at);
      this.#draw(view);
    }
  }

  #draw(view) {
    view.update();
    this.#place(view.kids, map(this.#model.replies(view.id), (reply) => reply.id));
    this.#drawMore(view);
  }

  #drawMore({ id, more, folded }) {
    const comment = this.#model.get(id);
    const missing = comment.parent_id || comment.status === 'pending' ? 0 : this.#model.missing(id);
    more.hidden = !missing || folded;
    more.textContent = this.#shared.t('more_replies', { n: missing });
  }

  #view(id) {
    if (!this.#views.has(id)) this.#views.set(id, new CommentView(id, this.#model, this.#shared));
    return this.#views.get(id);
  }
}

const again = (t, onclick) => h('button', { type: 'button', class: 'quiet', onclick }, t('retry'));

/** The one quiet line in place of the block: why it is not there, and, where that may pass, a way to ask again. */
export function outage(t, { status, detail }, retry) {
  // No such site, or not this page: the service's own words tell whoever put the block here.
  const wrong = status === 404 || status === 422;
  const then = wrong ? detail : again(t, retry);
  return h('p', { class: 'outage muted', part: 'outage' }, t('unavailable'), ' ', then);
}
