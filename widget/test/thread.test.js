import test from 'node:test';
import assert from 'node:assert/strict';
import { Thread } from '../thread.js';

const comment = (id, more = {}) => ({
  id,
  parent_id: null,
  root_id: more.parent_id ?? id,
  depth: more.parent_id ? 1 : 0,
  status: 'published',
  author: { id: `by-${id}`, name: id },
  body_html: `<p>${id}</p>`,
  votes: { up: 0, down: 0, score: 0 },
  reactions: [],
  reply_count: 0,
  reply_to: null,
  created_at: `2026-01-01T00:00:0${id.length}.000Z`,
  replies: null,
  ...more,
});
const list = (items, next = null) => ({ items, next, total: null });
const thread = (items, next, sort) =>
  new Thread({ thread: { version: 10, comment_count: items.length, state: 'open' }, comments: list(items, next), passages: [], policy: { sort: 'newest', guests: true } }, sort);
const created = (version, it) => ({ version, type: 'comment.created', comment_id: it.id, comment: it, thread: null });
const deleted = (version, id, left = null) => ({ version, type: 'comment.deleted', comment_id: id, comment: left, thread: null });

test('a new root of another waits until it is asked for', () => {
  const it = thread([comment('a')]);
  it.apply(created(11, comment('b')));
  assert.deepEqual([it.roots, it.fresh, it.info.comment_count], [['a'], ['b'], 2]);
  assert.deepEqual(it.showFresh(), ['b']);
  assert.deepEqual([it.roots, it.fresh], [['b', 'a'], []]);
});

test('a change counts once, however often it is heard', () => {
  const it = thread([comment('a')]);
  it.apply(created(11, comment('b')));
  it.apply(created(11, comment('b')));
  it.apply(created(9, comment('c')));
  assert.deepEqual([it.fresh, it.info.comment_count], [['b'], 2]);
});

test("one's own comment is shown at once and counted once, whichever comes first", () => {
  for (const order of ['answer first', 'stream first']) {
    const it = thread([comment('a')]);
    const steps = [() => it.own(comment('b')), () => it.apply(created(11, comment('b')))];
    if (order === 'stream first') steps.reverse();
    for (const step of steps) step();
    assert.deepEqual([it.roots, it.fresh, it.info.comment_count], [['b', 'a'], [], 2], order);
  }
});

test('replies nest oldest first and are counted at their root', () => {
  const it = thread([comment('a')]);
  it.apply(created(11, comment('bbb', { parent_id: 'a' })));
  it.apply(created(12, comment('bb', { parent_id: 'a' })));
  assert.deepEqual(it.replies('a').map((reply) => reply.id), ['bb', 'bbb']);
  assert.deepEqual([it.get('a').reply_count, it.missing('a')], [2, 0]);
});

test('a reply below what is not loaded is missing, not misplaced', () => {
  const it = thread([comment('a')]);
  it.apply(created(11, comment('c', { parent_id: 'unloaded', root_id: 'a', depth: 2 })));
  assert.equal(it.missing('a'), 1);
  assert.deepEqual(it.replies('a'), []);
});

test('a further page never repeats what is on show', () => {
  const it = thread([comment('a'), comment('b')], 'x', 'top');
  assert.deepEqual(it.extend(list([comment('b'), comment('c')])), ['c']);
  assert.deepEqual(it.roots, ['a', 'b', 'c']);
});

test('deleting: one’s own act and the stream’s word count once', () => {
  const it = thread([comment('a'), comment('b')]);
  it.removed('b');
  it.apply(deleted(11, 'b'));
  assert.deepEqual([it.roots, it.info.comment_count], [['a'], 1]);
});

test('an answered comment leaves a tombstone', () => {
  const it = thread([comment('a', { reply_count: 1, replies: list([comment('b', { parent_id: 'a' })]) })]);
  it.apply(deleted(11, 'a', comment('a', { status: 'deleted', author: null, body_html: null, reply_count: 1 })));
  assert.deepEqual([it.roots, it.get('a').status, it.replies('a').length], [['a'], 'deleted', 1]);
});

test('created and deleted before we heard of it changes nothing', () => {
  const it = thread([comment('a')]);
  it.apply({ ...created(11, comment('b')), comment: null });
  it.apply(deleted(12, 'b'));
  assert.equal(it.info.comment_count, 1);
});

test('a held comment is on show but not counted until it is published', () => {
  const it = thread([]);
  it.own(comment('a', { status: 'pending' }));
  assert.deepEqual([it.roots, it.info.comment_count], [['a'], 0]);
  it.apply(created(11, comment('a')));
  assert.deepEqual([it.roots, it.fresh, it.info.comment_count, it.get('a').status], [['a'], [], 1, 'published']);
});

test('oldest first: a new root waits behind the pages still to be loaded', () => {
  const it = thread([comment('a')], 'more', 'oldest');
  it.apply(created(11, comment('b')));
  assert.deepEqual([it.roots, it.fresh, it.info.comment_count], [['a'], [], 2]);
});
