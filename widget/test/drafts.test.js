import test from 'node:test';
import assert from 'node:assert/strict';
import { Drafts } from '../compose/drafts.js';

let keys = 0;
const drafts = () => new Drafts('thread', () => `key-${(keys += 1)}`);

test('an attempt has the key of its draft and its entry: the same again, another for another', () => {
  const it = drafts();
  it.keep('root', 'one');
  const first = it.key('root', 'one');
  assert.equal(it.key('root', 'one'), first);
  it.keep('root', 'two');
  assert.notEqual(it.key('root', 'two'), first);
  it.keep('root', 'one');
  assert.equal(it.key('root', 'one'), first);
  it.drop('root');
  it.keep('root', 'one');
  assert.notEqual(it.key('root', 'one'), first, 'sent, and written once more');
});

test('places are apart, and nothing written is nothing kept', () => {
  const it = drafts();
  it.keep('root', 'one');
  it.keep('reply:1', 'two');
  it.keep('root', ' ');
  assert.deepEqual([it.get('root'), it.get('reply:1').text], [undefined, 'two']);
});

test('of many drafts the youngest stay, in storage that is not ours alone', (t) => {
  const kept = new Map([['theirs', 'x'], ['postil-draft:broken', '{']]);
  const methods = { getItem: (key) => kept.get(key), setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  globalThis.localStorage = new Proxy(methods, {
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
  t.after(() => delete globalThis.localStorage);
  let now = 1e12;
  const it = new Drafts('thread', String, () => (now += 1000));
  for (let n = 0; n < 30; n += 1) it.keep(`reply:${n}`, 'text');
  assert.deepEqual([kept.size, kept.has('theirs'), kept.has('postil-draft:thread:reply:10'), kept.has('postil-draft:thread:reply:9')], [21, true, true, false]);
  for (let n = 0; n < 3; n += 1) it.keep(`edit:${n}`, 'x'.repeat(90_000));
  assert.ok([...kept.values()].join('').length < 201_000);
  now += 31 * 86_400_000;
  assert.equal(new Drafts('thread', String, () => now).get('edit:2'), undefined);
  assert.deepEqual([...kept.keys()], ['theirs']);
});
