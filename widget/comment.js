// One comment on the page. It is made once and brought up to date in place, so that focus and open forms survive.

import { fill, h, set, setServerHtml } from './dom.js';
import { explain } from './form.js';
import { filter, has, map } from './lists.js';
import { isolated } from './phrases.js';

const HUES = 8;
// Deeper replies are not indented further; they say whom they answer instead.
const INDENTED = 3;
const FOLDABLE = 3;

function hue(id) {
  let sum = 7;
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)) % 9973;
  return sum % HUES;
}

function initials(name) {
  // The first letter, and that of the last word.
  const [, first, last] = /^[\s_.-]*(.)(?:.*[\s_.-]([^\s_.-])[^\s_.-]*)?/su.exec(name.trim()) ?? ['', '', ''];
  return `${first}${last ?? ''}`.toLocaleUpperCase();
}

export class CommentView {
  #view;
  #model;
  #id;
  #seen = {};
  #html;
  #open = false;
  #choosing = false;

  /**
   * @param {string} id
   * @param {object} model the thread
   * @param {object} view `{t, clock, act, part, announce, adornments, watch, unfold}`: what comments share
   */
  constructor(id, model, view) {
    this.#id = id;
    this.#model = model;
    this.#view = view;
    const { t, act } = view;

    this.avatar = h('span', { class: 'avatar', part: 'avatar', 'aria-hidden': 'true' });
    this.meta = h('header', { class: 'meta', part: 'meta' });
    this.time = h('time');
    // A link that is focused, or words that are searched for, scroll what is cut.
    this.body = h('div', { class: 'body', part: 'body', dir: 'auto', onscroll: () => this.#expand(true) });
    this.rest = h('button', { type: 'button', class: 'more', hidden: true, onclick: () => this.#expand(!this.#open) });
    this.reactions = h('div', { class: 'reactions', role: 'group', 'aria-label': t('reactions') });
    this.problem = h('p', { class: 'error', hidden: true });
    this.slot = h('div');
    this.article = h('article', { id: `postil-${id}`, part: 'comment', tabindex: -1 });
    this.kids = h('ol', { class: 'kids' });
    this.more = h('button', { type: 'button', class: 'more', onclick: () => act.moreReplies(id) });
    this.element = h('li', {}, this.article, this.kids, this.more);

    const button = (name, onclick, props) => h('button', { type: 'button', class: 'quiet', ...props, onclick }, t(name));
    this.up = h('button', { type: 'button', class: 'vote up', onclick: () => this.#vote(1) });
    this.down = h('button', { type: 'button', class: 'vote down', onclick: () => this.#vote(-1) });
    this.reply = button('reply', () => this.#act('compose', 'reply'), { 'aria-expanded': 'false' });
    this.react = button('react', () => this.#choose(), { 'aria-expanded': 'false' });
    this.edit = button('edit', () => this.#act('compose', 'edit'), { 'aria-expanded': 'false' });
    this.remove = button('delete', () => this.#act('remove', 'remove'));
    this.folder = button('hide_replies', () => this.fold(!this.folded));
    this.actions = h(
      'footer',
      { class: 'actions', part: 'actions' },
      h('span', { class: 'votes' }, this.up, this.down),
      this.reply,
      this.react,
      this.edit,
      this.remove,
      this.folder,
      this.reactions,
    );
    this.article.append(this.avatar, this.meta, this.body, this.rest, this.actions, this.problem, this.slot);
    this.#expand(false);
    view.watch(this.body, this);
  }

  get id() {
    return this.#id;
  }

  /** Brings the comment up to date, if anything about it is new. */
  update() {
    const comment = this.#model.get(this.#id);
    const parent = this.#model.get(comment.parent_id);
    const now = {
      comment,
      mine: this.#model.mine(this.#id),
      person: this.#model.person,
      open: this.#model.info.state,
      parent: parent?.author,
      since: this.#model.since,
    };
    if (!filter(Object.keys(now), (name) => now[name] !== this.#seen[name]).length) return;
    this.#seen = now;

    const deleted = comment.status === 'deleted';
    this.article.classList.toggle('tombstone', deleted);
    const sending = comment.status === 'sending';
    this.article.classList.toggle('pending', sending || comment.status === 'pending');
    set(this.article, 'aria-busy', sending && 'true');
    this.actions.hidden = deleted || sending;
    this.#drawHead(comment, deleted);
    this.#drawBody(comment, deleted);
    this.#drawReactions(comment);
    this.#drawActions(comment);
    this.fold(this.folded);
    for (const add of this.#view.adornments) add(this);
  }

  /** Relative times age. */
  age() {
    const { created_at: at } = this.#seen.comment;
    this.time.textContent = this.#view.clock.ago(at);
    this.#name();
  }

  get name() {
    return this.#seen.comment.author?.name || this.#view.t('guest');
  }

  /** Whether the replies are put away. */
  get folded() {
    return this.kids.hidden;
  }

  /** Puts the replies away, or shows them. A few are not worth a button. */
  fold(away) {
    const { reply_count: n, parent_id: parent } = this.#seen.comment;
    this.kids.hidden = away;
    this.folder.hidden = parent || (n < FOLDABLE && !away);
    this.folder.textContent = away ? this.#view.t('replies', { n }) : this.#view.t('hide_replies');
    set(this.folder, 'aria-expanded', String(!away));
    this.#view.missing(this);
  }

  /** Told by whoever measures: a comment that is not long is shown whole. */
  cut(long) {
    this.body.classList.toggle('cut', long);
    this.rest.hidden = !long;
  }

  #expand(open) {
    this.#open = open;
    this.body.classList.toggle('cut', !open);
    this.rest.textContent = this.#view.t(open ? 'show_less' : 'show_more');
    set(this.rest, 'aria-expanded', String(open));
    // What was read last stays before the reader.
    if (!open && this.article.isConnected) this.article.scrollIntoView({ block: 'nearest' });
  }

  /** Brings it before the reader, all of it. */
  show() {
    this.#expand(true);
    this.focus();
    this.article.scrollIntoView({ block: this.article.offsetHeight < innerHeight ? 'center' : 'start' });
  }

  focus() {
    this.#view.unfold(this.#seen.comment.root_id);
    this.article.focus({ preventScroll: true });
    this.article.scrollIntoView({ block: 'nearest' });
  }

  #name() {
    const { t } = this.#view;
    const { comment } = this.#seen;
    if (!comment.author) return set(this.article, 'aria-label', t('deleted'));
    const to = this.#answered(true);
    const values = { name: isolated(this.name), time: this.time.textContent, to: isolated(to), level: comment.depth + 1 };
    set(this.article, 'aria-label', t(to ? 'reply_by' : 'comment_by', values));
  }

  /** Whom the comment answers, where the indentation does not show it (or always, for those who do not see it). */
  #answered(always) {
    const { comment, parent } = this.#seen;
    const { t } = this.#view;
    if (comment.reply_to) return comment.reply_to.name || t('guest');
    if (parent && (always || comment.depth > INDENTED)) return parent.name || t('guest');
    return null;
  }

  #drawHead(comment, deleted) {
    const { t, clock } = this.#view;
    const { author } = comment;
    this.avatar.className = author ? `avatar hue${hue(author.id)}` : 'avatar';
    this.avatar.textContent = deleted ? '' : initials(this.name);
    set(this.time, 'datetime', comment.created_at);
    set(this.time, 'title', clock.exact(comment.created_at));
    const link = author?.website && /^https?:/i.test(author.website) ? author.website : null;
    const name = h(link ? 'a' : 'span', { class: 'name', part: 'author', href: link, rel: link && 'nofollow ugc noopener noreferrer' }, h('bdi', {}, this.name));
    const answered = this.#answered();
    const note = (text) => h('span', { class: 'muted' }, text);
    const at = this.meta.querySelector(':focus')?.className;
    fill(
      this.meta,
      author && name,
      author?.badge && h('span', { class: 'badge', part: 'badge' }, t(author.badge)),
      answered && note(t('to', { name: isolated(answered) })),
      // In full, since a page's <base> would lead a bare fragment elsewhere.
      h('a', { class: 'when muted', href: `${location.href.replace(/#.*/, '')}#postil-${comment.id}` }, this.time),
      !deleted && comment.edited_at && note(t('edited')),
      comment.pinned && note(t('pinned')),
      this.#model.isNew(comment) && h('span', { class: 'badge new' }, t('new')),
      has(['pending', 'sending'], comment.status) && h('span', { class: 'waiting', part: 'waiting' }, t(comment.status)),
    );
    // A link that is made anew keeps its focus.
    if (at) this.meta.getElementsByClassName(at)[0]?.focus();
    this.age();
  }

  #drawBody(comment, deleted) {
    if (deleted) fill(this.body, h('p', { class: 'muted' }, this.#view.t('deleted')));
    else if (comment.body_html !== this.#html) {
      setServerHtml(this.body, comment.body_html);
      this.body.classList.toggle('cut', !this.#open);
    }
    this.#html = comment.body_html;
  }

  #drawReactions(comment) {
    const chosen = this.#model.mine(this.#id)?.reactions ?? [];
    const counts = new Map(map(comment.reactions, ({ emoji, count }) => [emoji, count]));
    const settable = comment.status === 'published' && this.#model.may('react');
    // The site's own order, then what it has since taken out of the set but people have used.
    const order = [...new Set([...this.#model.policy.reactions, ...counts.keys()])];
    const shown = filter(order, (emoji) => counts.get(emoji) || (this.#choosing && settable));
    const focused = this.reactions.querySelector(':focus')?.dataset.emoji;
    fill(
      this.reactions,
      ...map(shown, (emoji) => {
        const on = has(chosen, emoji);
        const count = counts.get(emoji);
        return h(
          'button',
          {
            type: 'button',
            class: 'reaction',
            part: 'reaction',
            'data-emoji': emoji,
            'aria-pressed': String(on),
            onclick: () => settable && this.#act('opinion', 'react', emoji, !on),
          },
          h('span', {}, count ? `${emoji} ${this.#view.t.number(count)}` : emoji),
        );
      }),
    );
    this.reactions.hidden = !shown.length;
    for (const chip of this.reactions.children) if (chip.dataset.emoji === focused) chip.focus();
  }

  #drawActions(comment) {
    const { t } = this.#view;
    const mine = this.#model.mine(this.#id);
    const own = this.#model.isMine(comment);
    const published = comment.status === 'published';
    const voted = mine?.vote ?? 0;
    for (const [button, name, count, value] of [
      [this.up, 'up', comment.votes.up, 1],
      [this.down, 'down', comment.votes.down, -1],
    ]) {
      set(button, 'aria-pressed', String(voted === value));
      set(button, 'aria-label', t(name, { n: count }));
      // One's own comment shows its count, but nobody votes for themselves.
      set(button, 'aria-disabled', own || !this.#model.may('vote') ? 'true' : null);
      fill(button, count ? t.number(count) : '');
    }
    this.up.parentNode.hidden = !published;
    this.react.hidden = !published || !this.#model.may('react') || !this.#model.policy.reactions.length;
    this.reply.hidden = !published || this.#model.info.state !== 'open' || !this.#model.may('reply');
    const can = mine?.can ?? (own ? ['edit', 'delete'] : []);
    const age = (this.#view.clock.now() - Date.parse(comment.created_at)) / 1000;
    this.edit.hidden = !has(can, 'edit') || (!mine?.can && age > this.#model.policy.edit_window);
    this.remove.hidden = !has(can, 'delete');
  }

  #vote(value) {
    if (this.up.getAttribute('aria-disabled')) return;
    const voted = this.#model.mine(this.#id)?.vote ?? 0;
    this.#act('opinion', 'vote', voted === value ? 0 : value);
  }

  #choose() {
    this.#choosing = !this.#choosing;
    set(this.react, 'aria-expanded', String(this.#choosing));
    this.#drawReactions(this.#seen.comment);
    if (this.#choosing) this.reactions.firstElementChild?.focus();
  }

  /** What a part does for those who do more than read. */
  #act(part, what, ...given) {
    this.attempt(async () => (await this.#view.part(part))[what](this, ...given));
  }

  /** Does something; if it fails, says so at the comment. */
  async attempt(action) {
    this.problem.hidden = true;
    try {
      await action();
    } catch (error) {
      this.problem.textContent = explain(this.#view.t, error);
      this.problem.hidden = false;
      this.#view.announce(this.problem.textContent);
    }
  }
}
