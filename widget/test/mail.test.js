import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { Client } from '../api.js';
import { Identity } from '../identity.js';
import { letters } from '../mail/asked.js';
import { WORDS } from '../mail/words.js';

let sites = 0;
const person = (kind, id = `${kind}-1`) => ({ id, name: kind, kind });

/** Storage as browsers have it. */
function storage(t) {
  const kept = new Map();
  globalThis.localStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
    removeItem: (key) => kept.delete(key),
  };
  t.after(() => delete globalThis.localStorage);
  return kept;
}

test('every language has the words of signing in', () => {
  const files = readdirSync(new URL('../locales/', import.meta.url)).map((name) => name.replace('.js', ''));
  assert.deepEqual(Object.keys(WORDS).sort(), [...files, 'en'].sort());
  const placeholders = (text) => text.match(/\{\w+\}/g);
  for (const [language, words] of Object.entries(WORDS)) {
    assert.deepEqual(Object.keys(words), Object.keys(WORDS.en));
    for (const key of Object.keys(words)) assert.deepEqual(placeholders(words[key]), placeholders(WORDS.en[key]), `${language} ${key}`);
  }
});

for (const refused of [false, true]) {
  test(`nobody who signs in takes the guest's place${refused ? ', also where storage is refused' : ''}`, (t) => {
    if (!refused) storage(t);
    const it = new Identity('s', `guests${(sites += 1)}`);
    it.hold('guest', person('guest'));
    it.hold('member', person('email'));
    assert.deepEqual([it.held.token, it.guest.token], ['member', 'guest']);
    // Renewed on its way, the guest's token is still the guest's.
    it.hold('renewed', person('guest'));
    assert.deepEqual([it.held.token, it.guest.token], ['member', 'renewed']);
    it.forget({ token: 'guest' });
    it.forget(it.held);
    assert.equal(it.held.token, 'renewed');
    it.forget(it.held);
    assert.deepEqual([it.held, it.guest], [null, null]);
    // The author of one's first comment, of whom no kind is told.
    it.hold('writer', { id: '1', name: null });
    assert.equal(it.guest.token, 'writer');
  });
}

test('whom another address vouches for leaves the guest in place, and so does what is no guest', (t) => {
  const kept = storage(t);
  const site = `places${(sites += 1)}`;
  new Identity('s', site, '/who').hold('vouched', person('sso'));
  const here = new Identity('s', site);
  assert.equal(here.held, null);
  here.hold('guest', person('guest'));
  assert.deepEqual([here.held.token, new Identity('s', site, '/who').held.token], ['guest', 'vouched']);
  kept.set(`postil:s:${site}`, JSON.stringify({ token: 'x', person: person('sso') }));
  assert.equal(here.held, null);
});

test('an answer that comes late gives nobody the token of somebody else', async (t) => {
  storage(t);
  const identity = new Identity('https://service.example', `late${(sites += 1)}`);
  const client = new Client('https://service.example', 'site', identity);
  identity.hold('guest', person('guest'));
  t.mock.method(globalThis, 'fetch', async () => {
    // Another tab signed in meanwhile.
    identity.hold('member', person('email'));
    return Response.json({ person: person('guest') });
  });
  await client.me('1');
  assert.deepEqual([identity.guest.token, identity.held.token], ['guest', 'member']);
});

for (const [code, over] of [['token_invalid', 'member'], ['token_expired', 'expired']]) {
  test(`who was signed in never acts as the guest: ${code}`, async (t) => {
    storage(t);
    const identity = new Identity('https://service.example', `over${(sites += 1)}`);
    const client = new Client('https://service.example', 'site', identity);
    identity.hold('guest', person('guest'));
    identity.hold(over, person('email'));
    const sent = [];
    t.mock.method(globalThis, 'fetch', async (address, { headers }) => {
      const by = headers.Authorization?.slice(7);
      sent.push(`${new URL(address).pathname.slice(4)} by ${by}`);
      if (by === 'guest') return Response.json({});
      return Response.json({ status: 401, code: address.endsWith('refresh') ? 'token_invalid' : code }, { status: 401 });
    });
    let lost = 0;
    client.lost = () => (lost += 1);
    const act = () => client.act('POST', 'comments', { body: {}, asGuest: true });
    // Both were under way when the session ended.
    const tries = await Promise.allSettled([act(), act()]);
    assert.deepEqual(tries.map(({ reason }) => reason?.status), [401, 401]);
    assert.ok(lost > 0 && !sent.some((one) => one.endsWith('by guest')), sent.join());
    await act();
    assert.equal(sent.at(-1), 'comments by guest');
  });
}

test('a browser knows which letters it asked for, until their time is over', (t) => {
  const kept = storage(t);
  let now = Date.parse('2026-01-01T10:00:00Z');
  const of = (site) => letters(site, () => now);
  of('a').note({ request: 'one', expires_at: '2026-01-01T10:15:00Z' });
  of('a').note({ request: 'two', expires_at: '2026-01-01T10:20:00Z' });
  assert.deepEqual([of('a').has('one'), of('a').has('two'), of('b').has('one'), of('a').has(null)], [true, true, false, false]);
  of('a').forget('one');
  assert.deepEqual([of('a').has('one'), of('a').has('two')], [false, true]);
  now = Date.parse('2026-01-01T10:20:00Z');
  assert.equal(of('a').has('two'), false);
  of('a').forget('two');
  assert.equal(kept.size, 0);
  kept.set('postil-asked:a', '"rubbish"');
  assert.equal(of('a').has('0'), false);
});
