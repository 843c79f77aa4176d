import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { begin as blank, compress } from '../work/sha256.js';
import { solve } from '../work/solve.js';
import { begin } from '../work/work.js';

globalThis.document = { hidden: false };

/** The hash of any bytes, block by block. */
function sha256(bytes) {
  const size = bytes.length;
  const padded = Buffer.alloc(Math.ceil((size + 9) / 64) * 64);
  bytes.copy(padded);
  padded[size] = 0x80;
  padded.writeUInt32BE(size * 8, padded.length - 4);
  const state = blank(new Int32Array(8));
  for (let at = 0; at < padded.length; at += 64) {
    compress(state, Int32Array.from({ length: 16 }, (_, word) => padded.readInt32BE(at + 4 * word)));
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

test('the vectors of FIPS 180-4', () => {
  for (const [text, hash] of [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ]) {
    assert.equal(sha256(Buffer.from(text)), hash);
  }
});

test('whatever bytes, it is what Node says', () => {
  for (let size = 0; size < 200; size += 1) {
    const bytes = Buffer.from(Array.from({ length: size }, (_, at) => (at * 89 + size * 31) & 255));
    assert.equal(sha256(bytes), createHash('sha256').update(bytes).digest('hex'));
  }
});

test('no constant is so near to another that an engine could round its root there', () => {
  let number = 1;
  for (let found = 0; found < 64; found += 1) {
    do number += 1;
    while (Array.from({ length: number - 2 }, (_, at) => at + 2).some((factor) => number % factor === 0));
    const roots = found < 8 ? [Math.cbrt(number), Math.sqrt(number)] : [Math.cbrt(number)];
    for (const root of roots) {
      const rest = ((root % 1) * 2 ** 32) % 1;
      // Sixteen units in the last place; roots are right to one or two.
      const slack = 16 * 2 ** (32 - 50);
      assert.ok(rest > slack && rest < 1 - slack, `${number}: ${rest}`);
    }
  }
});

const bytes = (hex) => Buffer.from(hex, 'hex');
function derive({ salt, nonce }, counter) {
  const end = Buffer.alloc(4);
  end.writeUInt32BE(counter);
  return createHash('sha256').update(bytes(salt)).update(bytes(nonce)).update(end).digest('hex');
}
/** A challenge that this counter solves, good for some seconds. */
function challenge(counter, seconds = 3600) {
  const random = () => crypto.getRandomValues(Buffer.alloc(16)).toString('hex');
  const parameters = { nonce: random(), salt: random(), expiresAt: Math.floor(Date.now() / 1000) + seconds };
  return { parameters: { ...parameters, keyPrefix: derive(parameters, counter).slice(0, 32) }, signature: 'ours' };
}
const read = (work) => JSON.parse(atob(work));

test('a challenge is solved, however far the counter', async () => {
  const { signal } = new AbortController();
  for (const counter of [0, 1, 63, 64, 65_536, 70_001]) {
    const given = challenge(counter);
    assert.deepEqual(read(await solve(given, signal)), { challenge: given, solution: { counter, derivedKey: derive(given.parameters, counter) } });
  }
});

test('the page has its turn meanwhile, and ends it', async () => {
  const end = new AbortController();
  const given = challenge(3_000_000);
  let turns = 0;
  const turn = setInterval(() => (turns += 1) === 3 && end.abort(), 1);
  await assert.rejects(solve(given, end.signal), { name: 'AbortError' });
  clearInterval(turn);
});

/** The part, with a service that hands out these challenges and says what is announced. */
function part(...challenges) {
  const model = { policy: { proof_of_work: 'guests' }, person: null };
  const said = [];
  let asked = 0;
  const conversation = {
    client: {
      skew: 0,
      async act(method, path) {
        assert.deepEqual([method, path], ['GET', 'challenges?site=demo']);
        const next = challenges[asked++];
        if (next instanceof Error) throw next;
        return next;
      },
    },
    model,
    place: { site: 'demo' },
    t: (key) => key,
    view: { announce: (text) => said.push(text) },
    ended: new AbortController().signal,
  };
  return { said, model, asked: () => asked, ...begin({ conversation }) };
}
const refusal = (code) => Object.assign(new Error(code), { code });

test('what was solved while writing goes with the comment, once', async () => {
  const [one, two] = [challenge(5), challenge(6)];
  const it = part(one, two);
  it.prepare();
  it.prepare();
  assert.deepEqual(read(await it.send(async (work) => work)).challenge, one);
  assert.deepEqual(read(await it.send(async (work) => work)).challenge, two);
  assert.deepEqual([it.asked(), it.said], [2, []]);
});

test('of whom none is wanted, none is taken up until the service asks for it', async () => {
  for (const [proof_of_work, person] of [['suspicious', null], ['guests', { kind: 'sso' }]]) {
    const it = part(challenge(5));
    Object.assign(it.model, { policy: { proof_of_work }, person });
    it.prepare();
    assert.equal(await it.send(async (work) => work), undefined);
    assert.equal(it.asked(), 0);
    const refuse = async (work) => (work ? work : Promise.reject(refusal('work_required')));
    assert.ok(await it.send(refuse));
    assert.equal(it.asked(), 1);
  }
});

test('a solution that was not taken gives way to another, one that did not arrive is kept', async () => {
  const it = part(challenge(5), challenge(6));
  await assert.rejects(it.send(() => Promise.reject(refusal('offline'))), { code: 'offline' });
  assert.equal(it.asked(), 1);
  const sent = [];
  await it.send(async (work) => {
    sent.push(work);
    if (sent.length === 1) throw refusal('work_spent');
  });
  assert.equal(it.asked(), 2);
  assert.notEqual(sent[0], sent[1]);
});

test('whoever is refused twice is told', async () => {
  const it = part(challenge(5), challenge(6));
  await assert.rejects(it.send(() => Promise.reject(refusal('work_invalid'))), { code: 'work_invalid' });
  assert.equal(it.asked(), 2);
});

test('an old challenge, or one that could not be had, is no end', async () => {
  const it = part(refusal('offline'), challenge(5, 30), challenge(6));
  it.prepare();
  await assert.rejects(it.send(async (work) => work), { code: 'offline' });
  assert.equal(read(await it.send(async (work) => work)).solution.counter, 6);
});

test('who waits long is told so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const it = part(challenge(5));
  let answer;
  const sending = it.send(() => new Promise((resolve) => (answer = resolve)));
  while (!answer) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(1_999);
  assert.deepEqual(it.said, []);
  t.mock.timers.tick(1);
  answer();
  await sending;
  assert.deepEqual(it.said, ['sending']);
});
