// What the widget knows of one thread: comments by id, the roots in the order shown, and what has arrived but waits to
// be asked for. No page and no network here. A comment is replaced, never changed, so that a view can tell by identity.

import { filter, has, map, without } from './lists.js';

const bySeniority = (a, b) => (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : a.id < b.id ? -1 : 1);

export class Thread {
  #comments = new Map();
  #children = new Map();
  #cursors = new Map();
  #mine = new Map();
  /** Comments at which the reader is writing: they stay, though others delete them. */
  written = new Set();
  // Deletions that are counted already, or that undo what was never counted.
  #settled = new Set();

  /** Ids of the roots on show, and of those that wait behind "n new comments". */
  roots = [];
  fresh = [];
  next = null;
  person = null;
  /** When the reader was here last, in milliseconds. */
  since;
  rights = null;

  /** What the list is narrowed to: the query that asks for it. */
  only = {};

  constructor({ thread, comments, policy, passages }, sort) {
    this.info = thread;
    /** By id. */
    this.passages = new Map(map(passages, (passage) => [passage.id, passage]));
    this.policy = policy;
    this.version = thread.version;
    this.show(comments, sort ?? policy.sort);
  }

  get(id) {
    return this.#comments.get(id);
  }

  /** The loaded direct replies, oldest first. */
  replies(id) {
    return map(this.#children.get(id) ?? [], (child) => this.#comments.get(child));
  }

  /** How many replies under a root are not loaded. */
  missing(rootId) {
    return Math.max(0, this.get(rootId).reply_count - this.#published(rootId));
  }

  cursor(rootId) {
    return this.#cursors.get(rootId) ?? null;
  }

  /** What is this reader's own about a comment: `{vote, reactions, can, body?}`. */
  mine(id) {
    return this.#mine.get(id);
  }

  /** Whether others wrote it since the reader was here last. */
  isNew(comment) {
    return this.since < Date.parse(comment.created_at) && comment.status === 'published' && !this.isMine(comment);
  }

  isMine(comment) {
    return !!this.person && comment.author?.id === this.person.id;
  }

  /** Starts the list of roots anew in an order. */
  show(list, sort) {
    this.sort = sort;
    this.roots = [];
    this.fresh = [];
    this.extend(list);
    for (const comment of this.#comments.values()) if (has(['pending', 'sending'], comment.status)) this.#place(comment);
  }

  /** Adds a further page of roots. Votes reorder some lists between pages: what is on show already is not repeated. */
  extend({ items, next }) {
    const added = [];
    for (const root of items) {
      this.#put(root);
      // A list that comes again must not send "show more" back to replies that are loaded already.
      if (root.replies && !this.#cursors.has(root.id)) this.extendReplies(root.id, root.replies);
      if (has(this.roots, root.id)) continue;
      this.fresh = without(this.fresh, root.id);
      added[added.length] = root.id;
    }
    this.roots = [...this.roots, ...added];
    this.next = next;
    return added;
  }

  extendReplies(rootId, { items, next }) {
    const added = map(filter(items, (reply) => !this.get(reply.id)), (reply) => reply.id);
    for (const reply of items) this.#put(reply);
    this.#cursors.set(rootId, next);
    // With everything loaded, what we hold is the count: nothing more is promised than can be shown.
    if (!next) this.patch(rootId, { reply_count: this.#published(rootId) });
    return added;
  }

  /** One comment with its ancestors, from a permalink: its root goes to the top unless it is on show. */
  reveal({ comment, ancestors }) {
    for (const one of [...ancestors, comment]) this.#put(one);
    for (const reply of comment.replies?.items ?? []) this.#put(reply);
    if (!has(this.roots, comment.root_id)) this.roots = [comment.root_id, ...this.roots];
    this.fresh = without(this.fresh, comment.root_id);
  }

  /** The reader's overlay, from `/me`. */
  overlay({ person, can, comments, pending, subscription, passages }) {
    this.person = person;
    this.waiting = passages;
    this.subscription = subscription;
    this.rights = can;
    for (const id of Object.keys(comments)) this.#mine.set(id, { ...this.#mine.get(id), ...comments[id] });
    for (const comment of pending) this.own(comment);
  }

  may(what) {
    return this.rights ? has(this.rights, what) : this.policy.guests;
  }

  /** The reader's own comment as the service answered: shown at once, wherever the order would put it. */
  own(comment) {
    this.person = { ...this.person, id: comment.author.id, name: comment.author.name };
    this.#mine.set(comment.id, { ...this.#mine.get(comment.id), body: comment.body });
    this.#publish(comment);
    this.fresh = without(this.fresh, comment.id);
    this.#place(comment);
  }

  /** The reader's own comment before the service has it. */
  foresee(comment) {
    this.#put(comment);
    this.#place(comment);
  }

  /** It is here, or was refused. */
  withdraw(id) {
    this.#drop(id);
  }

  setMine(id, values) {
    this.#mine.set(id, { ...this.#mine.get(id), ...values });
  }

  patch(id, values) {
    const comment = this.get(id);
    if (comment) this.#comments.set(id, { ...comment, ...values });
  }

  /** A change from the stream. Each counts once, in order. */
  apply({ version, type, comment_id: id, comment, thread, passage_id: about, passage }) {
    if (version <= this.version) return;
    this.version = version;
    if (type === 'comment.deleted' && comment?.status !== 'published') {
      this.#uncount(id);
      if (this.written.has(id)) this.#bury(id);
      else if (!comment) this.#drop(id);
      else if (this.get(id)) this.#put(comment);
    } else if (type === 'comment.created' && !comment) {
      // Created, and gone again before we heard of it.
      this.#settled.add(id);
    } else if (type === 'comment.created') {
      this.#publish(comment);
      // In the oldest-first order a new root belongs after the pages that are still to be loaded.
      const { filter: inline, passage: one } = this.only;
      const wanted = one ? one === comment.passage_id : !inline || comment.passage_id;
      const later = this.sort === 'oldest' && this.next;
      if (!comment.parent_id && !later && wanted && !has(this.roots, id) && !has(this.fresh, id)) this.fresh = [...this.fresh, id];
    } else if (comment && this.get(id)) {
      this.#put(comment);
    }
    if (thread) this.info = thread;
    if (passage) this.passages.set(about, passage);
    else this.passages.delete(about);
  }

  /** The reader deleted a comment of their own; the stream will say later whether it left a tombstone. */
  removed(id) {
    this.#uncount(id);
    const comment = this.get(id);
    if (!comment) return;
    if (this.replies(id).length || comment.reply_count) {
      this.#bury(id);
    } else this.#drop(id);
  }

  #bury(id) {
    this.patch(id, { status: 'deleted', author: null, body_html: null, reactions: [] });
  }

  /** Shows the roots that waited; gives their ids in the order shown. */
  showFresh() {
    let ids = this.fresh;
    this.fresh = [];
    if (this.sort === 'oldest') this.roots = [...this.roots, ...ids];
    else {
      const heard = ids;
      ids = [];
      for (const id of heard) ids = [id, ...ids];
      this.roots = [...ids, ...this.roots];
    }
    return ids;
  }

  #publish(comment) {
    const before = this.get(comment.id);
    this.#put(comment);
    if (comment.status === 'published' && before?.status !== 'published') this.#count(comment, 1);
  }

  #count(comment, step) {
    this.info = { ...this.info, comment_count: Math.max(0, this.info.comment_count + step) };
    const root = comment?.parent_id && this.get(comment.root_id);
    if (root) this.patch(root.id, { reply_count: Math.max(0, root.reply_count + step) });
  }

  #uncount(id) {
    const before = this.get(id);
    if (!this.#settled.has(id) && (!before || before.status === 'published')) this.#count(before, -1);
    this.#settled.add(id);
  }

  #drop(id) {
    const comment = this.get(id);
    this.#comments.delete(id);
    this.roots = without(this.roots, id);
    this.fresh = without(this.fresh, id);
    const siblings = this.#children.get(comment?.parent_id);
    if (siblings) this.#children.set(comment.parent_id, without(siblings, id));
  }

  #place(comment) {
    if (!comment.parent_id && !has(this.roots, comment.id)) this.roots = [comment.id, ...this.roots];
  }

  #put(given) {
    let comment = given;
    // Where others read the text before, its author goes on seeing the one that waits.
    const { public_html, body_html, status, revision, reasons } = this.get(given.id) ?? {};
    if (public_html && public_html === given.body_html) comment = { ...given, public_html, body_html, status, revision, reasons };
    this.#comments.set(comment.id, comment);
    if (!comment.parent_id) return;
    const siblings = this.#children.get(comment.parent_id) ?? [];
    if (has(siblings, comment.id)) return;
    const younger = (id) => bySeniority(comment, this.get(id)) < 0;
    const elder = filter(siblings, (id) => !younger(id));
    this.#children.set(comment.parent_id, [...elder, comment.id, ...filter(siblings, younger)]);
  }

  #published(id) {
    let sum = 0;
    for (const reply of this.replies(id)) sum += (reply.status === 'published' || reply.public_html ? 1 : 0) + this.#published(reply.id);
    return sum;
  }
}
