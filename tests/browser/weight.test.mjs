// What a page pays for its comments, counted where they come over the network, until the thread is shown.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, serviceUrl, Window } from './harness.mjs';

const FIRST_FILE = 14_000;
const { origin } = serviceUrl();

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** The demo's page as it would be without notes in its text, which are wanted as soon as that is near. */
const withoutNotes = (page) =>
  page.route('**/demo/', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace(' article=".essay"', '').replace(/ data-postil-\w+="[^"]*"/g, '') });
  });

/** Every answer from the service to this page: its path, and its body's bytes as they came. */
async function metered(page) {
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  const answers = new Map();
  network.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => {
    const { origin: host, pathname } = new URL(url);
    if (host === origin && !pathname.startsWith('/demo/')) answers.set(requestId, { path: pathname, bytes: 0 });
  });
  network.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
    const answer = answers.get(requestId);
    if (answer) answer.bytes += encodedDataLength;
  });
  network.on('Network.responseReceived', ({ requestId, response }) => {
    const answer = answers.get(requestId);
    if (answer) answer.encoding = response.headers['content-encoding'];
  });
  return answers;
}

test('one file and one call to the service until the thread is shown, and nothing but the file before it is near', { timeout: 60_000 }, async (t) => {
  const it = await Window.open(browser, 'about:blank', { approach: false });
  const answers = await metered(it.page);
  await withoutNotes(it.page);
  await it.page.goto(`${origin}/demo/`);
  await it.page.evaluate(() => customElements.whenDefined('postil-thread'));
  await it.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.deepEqual([...answers.values()].map(({ path }) => path), ['/postil.js']);

  const shown = it.page.evaluate(
    () => new Promise((done) => addEventListener('postil:ready', () => done(document.querySelector('postil-thread').shadowRoot.querySelectorAll('article').length))),
  );
  await it.approach();
  assert.ok((await shown) > 0);
  const [file, page, ...more] = [...answers.values()];
  assert.deepEqual([file.path, page.path], ['/postil.js', '/v1/threads']);
  // What the reader's stream and overlay add comes when the thread is there.
  for (const { path } of more) assert.match(path, /\/(events|me)$|^\/postil\/(live|compose|opinion)-/);
  assert.equal(file.encoding, 'br');
  assert.ok(file.bytes > 5_000 && file.bytes <= FIRST_FILE, `${file.bytes} bytes`);
  t.diagnostic(`the first file came in ${file.bytes} bytes, of ${FIRST_FILE}; the thread in ${page.bytes}`);
});

test('a page that comes again pays for neither', { timeout: 60_000 }, async () => {
  const it = await Window.open(browser, '/demo/');
  await it.comments.first().waitFor();
  const answers = await metered(it.page);
  await it.page.goto(`${origin}/demo/`);
  await it.approach();
  await it.comments.first().waitFor();
  // Chromium may tell of a file twice: once as it looks ahead.
  const bodies = [...answers.values()].filter(({ path }) => ['/postil.js', '/v1/threads'].includes(path));
  assert.ok(bodies.length >= 2);
  for (const { path, bytes } of bodies) assert.equal(bytes, 0, path);
});
