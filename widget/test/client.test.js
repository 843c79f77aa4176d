import test from 'node:test';
import assert from 'node:assert/strict';
import { Client } from '../api.js';
import { counter } from '../count.js';
import { Identity } from '../identity.js';

let sites = 0;
const person = (kind) => ({ id: `${kind}-1`, name: kind, kind });
const refusal = (status, code) => ({ status, body: { status, code, detail: code } });

/** A client whose answers are scripted by `METHOD path` (or the page's own address); what it asks for is written down. */
function scripted(t, answers, sso = 'https://page.example/who') {
  const asked = [];
  t.mock.method(globalThis, 'fetch', async (address, { method = 'GET', headers } = {}) => {
    const url = new URL(address);
    const name = url.pathname.startsWith('/v1/') ? `${method} ${url.pathname.slice(4)}` : url.pathname;
    asked.push(headers?.Authorization ? `${name} by ${headers.Authorization.slice(7)}` : name);
    let answer = answers[name];
    if (typeof answer === 'function') answer = answer(headers?.Authorization?.slice(7));
    const { status = 200, body = answer, date } = answer?.status ? answer : {};
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: date ? { Date: date } : {} });
  });
  const identity = new Identity('https://service.example', `site${(sites += 1)}`, sso);
  return { asked, identity, client: new Client('https://service.example', 'site', identity, sso) };
}

test('a page vouches for its reader, once, and in the place of a guest', async (t) => {
  const { asked, identity, client } = scripted(t, {
    '/who': 'a.b.c',
    'POST identity/sso': { token: 'ours', person: person('sso') },
    'PUT comments/1/vote': {},
  });
  identity.hold('guest', person('guest'));
  await Promise.all([client.signOn(), client.signOn()]);
  await client.act('PUT', 'comments/1/vote', { body: { value: 1 }, asGuest: true });
  assert.deepEqual(asked, ['/who', 'POST identity/sso', 'PUT comments/1/vote by ours']);
});

test('a reader whom the page does not know is a guest; a word that is not good is an error', async (t) => {
  const answers = { '/who': { status: 401, body: '' }, 'POST identity/sso': refusal(401, 'sso_token_invalid') };
  const unknown = scripted(t, answers);
  await unknown.client.signOn();
  assert.deepEqual([unknown.asked, unknown.client.reader], [['/who'], null]);
  answers['/who'] = 'wrong';
  await assert.rejects(scripted(t, answers).client.signOn(), { code: 'sso', status: 401 });
});

test('the page is asked again when a session is over', async (t) => {
  const over = refusal(401, 'token_expired');
  const { asked, identity, client } = scripted(t, {
    '/who': 'a.b.c',
    'POST identity/refresh': refusal(401, 'token_invalid'),
    'POST identity/sso': { token: 'new', person: person('sso') },
    'PATCH comments/1': (token) => (token === 'new' ? { id: '1' } : over),
  });
  identity.hold('old', person('sso'));
  assert.deepEqual(await client.act('PATCH', 'comments/1', { body: { body: 'text' } }), { id: '1' });
  assert.deepEqual(asked, ['PATCH comments/1 by old', 'POST identity/refresh by old', '/who', 'POST identity/sso', 'PATCH comments/1 by new']);
});

test('nobody who was vouched for finds themselves writing as a guest', async (t) => {
  const { asked, identity, client } = scripted(t, { '/who': { status: 401, body: '' }, 'POST comments': refusal(401, 'token_invalid') });
  identity.hold('old', person('sso'));
  await assert.rejects(client.act('POST', 'comments', { body: { body: 'text' }, key: 'key' }), { status: 401 });
  assert.deepEqual(asked, ['POST comments by old', '/who']);
});

test('whom another address vouched for is somebody else', () => {
  new Identity('s', 'shared', '/who?user=1').hold('one', person('sso'));
  const held = (sso) => new Identity('s', 'shared', sso).held?.token;
  assert.deepEqual([held('/who?user=1'), held('/who?user=2'), held()], ['one', undefined, undefined]);
});

test('a clock that is plainly wrong is set right by the service', async (t) => {
  const date = new Date(Date.now() - 86_400_000).toUTCString();
  const { client } = scripted(t, { 'GET comments/1': { status: 200, body: {}, date } });
  await client.comment('1');
  assert.ok(Math.abs(client.skew + 86_400_000) < 5000, String(client.skew));
});

test('counts are asked for together, a hundred at a time, each site apart', async () => {
  const calls = [];
  const told = [];
  let flush;
  const count = counter(
    async (service, site, urls) => {
      calls.push([site, urls.length]);
      if (site === 'gone') throw new Error('no such site');
      return { items: urls.map((url) => ({ url, count: url.length })) };
    },
    (work) => (flush = work),
  );
  for (let i = 0; i < 101; i += 1) count('s', 'a', 'x'.repeat(i), (n) => told.push(n));
  count('s', 'gone', 'x', () => assert.fail('told'));
  flush();
  await new Promise(setImmediate);
  assert.deepEqual(calls, [['a', 100], ['a', 1], ['gone', 1]]);
  assert.deepEqual(told, Array.from({ length: 101 }, (_, i) => i));
});
