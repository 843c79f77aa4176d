// A page that asks for a language gets it as a part of its own, and is not kept waiting when that does not come.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Window } from './harness.mjs';

const PART = '**/postil/ar-*.js';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** The demo page, its block asked to speak Arabic. */
async function arabic(...routes) {
  const window = await Window.open(browser, 'about:blank', { approach: false });
  const { page } = window;
  await page.route('**/demo/', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('<postil-thread', '<postil-thread locale="ar"');
    await route.fulfill({ response, body });
  });
  for (const [url, handler] of routes) await page.route(url, handler);
  // Every heading that was ever on show.
  await page.addInitScript(() => {
    window.headings = [];
    const look = () => {
      const heading = document.querySelector('postil-thread')?.shadowRoot?.querySelector('h2')?.textContent;
      if (heading && heading !== window.headings.at(-1)) window.headings.push(heading);
      requestAnimationFrame(look);
    };
    look();
  });
  await page.goto(new URL('/demo/', process.env.POSTIL_URL).href);
  await window.approach();
  return window;
}

test('in Arabic the block reads from right to left, in words, numbers and times', { timeout: 60_000 }, async () => {
  const { page, errors, foreign } = await arabic();
  const block = page.getByRole('region', { name: 'ما رأيك؟' });
  await block.getByRole('article', { name: /^تعليق من / }).first().waitFor();
  await block.getByRole('button', { name: 'إرسال', exact: true }).waitFor();
  const root = page.locator('postil-thread .postil');
  assert.deepEqual([await root.getAttribute('dir'), await root.getAttribute('lang')], ['rtl', 'ar']);

  // The face stands at the right of the words, and nothing sticks out.
  const face = await block.locator('.avatar').first().boundingBox();
  const name = await block.locator('.name').first().boundingBox();
  assert.ok(face.x > name.x + name.width, 'the face is to the right of the name');
  await page.setViewportSize({ width: 320, height: 800 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, 'nothing has to be scrolled sideways');

  assert.match(await block.locator('time').last().textContent(), /\p{Script=Arabic}/u);
  assert.deepEqual(await page.evaluate(() => window.headings), ['ما رأيك؟'], 'English was never on show');
  assert.deepEqual(errors, []);
  assert.deepEqual(foreign, []);
});

for (const [what, handler] of [
  ['does not come', () => {}],
  ['is gone', (route) => route.fulfill({ status: 404 })],
]) {
  test(`when the language ${what}, the block speaks English throughout`, { timeout: 60_000 }, async () => {
    const { page, thread } = await arabic([PART, handler]);
    await thread.getByRole('article', { name: /^Comment by / }).first().waitFor();
    const root = page.locator('postil-thread .postil');
    assert.deepEqual([await root.getAttribute('dir'), await root.getAttribute('lang')], ['ltr', 'en']);
    assert.deepEqual(await page.evaluate(() => window.headings), ['What do you think?']);
  });
}

test('a page in English asks for no language', { timeout: 60_000 }, async () => {
  const window = await Window.open(browser, 'about:blank', { approach: false });
  const asked = [];
  window.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await window.page.goto(new URL('/demo/', process.env.POSTIL_URL).href);
  await window.approach();
  await window.comments.first().waitFor();
  // What writing takes may be on its way.
  assert.deepEqual(asked.filter((path) => /^\/postil\/[a-z]{2}-/.test(path)), []);
});
