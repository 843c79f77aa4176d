// What readers see and what moves while they read: long comments and threads, links to comments, what is new, outages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, serviceUrl, Window } from './harness.mjs';
import { comment, Publisher, run } from './publisher.mjs';

const TIMEOUT = { timeout: 60_000 };
const { origin } = serviceUrl();

let browser;
let publisher;
let site;
before(async () => {
  browser = await launch();
  publisher = await Publisher.open();
  site = await publisher.site();
});
after(async () => {
  await browser?.close();
  await publisher?.close();
});

const visit = (url, options) => Window.open(browser, url, options);
const newPage = (markup = `<postil-thread site="${site}"></postil-thread>`, more) => publisher.page(markup, more);
const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Makes the page think it is on show or not, as another tab in front of it would. */
const turn = (page, state) =>
  page.evaluate((to) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => to });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

test('a long comment is cut short, and opened by its button or by whoever reaches into it', TIMEOUT, async () => {
  const url = newPage();
  await comment(site, url, `Brief ${run}`);
  await comment(site, url, `${'Long. '.repeat(600)}\n\n[the end](https://example.org/end)`);
  const it = await visit(url);
  const long = it.comment('Long.');
  const more = long.getByRole('button', { name: 'Show more' });
  await more.waitFor();
  assert.equal(await more.getAttribute('aria-expanded'), 'false');
  assert.equal(await it.comment('Brief').getByRole('button', { name: 'Show more' }).count(), 0);
  const height = () => long.locator('.body').evaluate((body) => body.clientHeight);
  const cut = await height();
  await more.click();
  await long.getByRole('button', { name: 'Show less', expanded: true }).waitFor();
  assert.ok((await height()) > cut * 1.5);
  await long.getByRole('button', { name: 'Show less' }).click();
  assert.equal(await height(), cut);
  // Somebody on the keyboard comes to the link at the end.
  await long.getByRole('link', { name: 'the end' }).focus();
  await long.getByRole('button', { name: 'Show less' }).waitFor();
  assert.deepEqual(it.errors, []);
});

test('a thread of many replies is put away and taken out again, and further replies come on request', TIMEOUT, async () => {
  const url = newPage();
  const root = await comment(site, url, `Root ${run}`);
  for (let n = 1; n <= 7; n += 1) await comment(site, url, `Reply no. ${n}`, { parent_id: root.id });
  const it = await visit(url);
  await it.thread.getByRole('button', { name: 'Show 2 more replies' }).click();
  await it.comment('Reply no. 6').waitFor();
  assert.ok(await it.comment('Reply no. 6').evaluate((article) => article === article.getRootNode().activeElement), 'the first new one has the focus');
  await it.thread.getByRole('button', { name: 'Hide replies' }).click();
  await it.comment('Reply no. 1').waitFor({ state: 'hidden' });
  await comment(site, url, 'Reply no. 8', { parent_id: root.id });
  await it.thread.getByRole('button', { name: 'Show 8 replies', expanded: false }).click();
  await it.comment('Reply no. 8').waitFor();
  assert.deepEqual(it.errors, []);
});

test('a link to a comment fetches what is missing, takes it out of what is put away, goes there and marks it', TIMEOUT, async () => {
  const url = newPage(`<p style="height: 3000px">Long.</p><postil-thread site="${site}"></postil-thread>`);
  const root = await comment(site, url, `Old root ${run}`);
  let deepest = root;
  for (let n = 1; n <= 7; n += 1) deepest = await comment(site, url, `Below ${n}: ${n === 7 ? 'long '.repeat(600) : ''}`, { parent_id: deepest.id });
  for (let n = 0; n < 21; n += 1) await comment(site, url, `Newer ${n}`);
  const it = await visit(`${url}#postil-${deepest.id}`, { approach: false });
  const target = it.thread.locator(`#postil-${deepest.id}.marked`);
  await target.waitFor();
  await frames(it.page);
  assert.equal(await target.locator('.cut').count(), 0, 'all of it is on show');
  await it.page.waitForFunction((id) => {
    const { top } = document.querySelector('postil-thread').shadowRoot.getElementById(id).getBoundingClientRect();
    return top >= 0 && top < innerHeight;
  }, `postil-${deepest.id}`);
  assert.ok(await target.evaluate((article) => article === article.getRootNode().activeElement));
  // And another one, on the same page.
  await it.page.evaluate((id) => (location.hash = `postil-${id}`), root.id);
  await it.thread.locator(`#postil-${root.id}.marked`).waitFor();
  assert.equal(await it.thread.locator('.marked').count(), 1);
  assert.deepEqual(it.errors, []);
});

test('what is new since the last visit is marked, what one wrote oneself is not, and storage that holds rubbish spoils nothing', TIMEOUT, async () => {
  const url = newPage();
  await comment(site, url, `Seen before ${run}`);
  const it = await visit(url, {
    prepare: (context) => context.addInitScript(() => localStorage.getItem('postil:visits') ?? localStorage.setItem('postil:visits', '{rubbish')),
  });
  await it.comment('Seen before').waitFor();
  await it.page.waitForFunction(() => localStorage.getItem('postil:visits')?.includes('-'));
  await comment(site, url, `Since then ${run}`);
  await it.thread.getByRole('textbox', { name: 'Your comment' }).fill(`My own ${run}`);
  await it.thread.getByRole('button', { name: 'Send', exact: true }).click();
  await it.comment('My own').getByRole('button', { name: 'Delete' }).waitFor();
  await it.page.reload();
  await it.comment('Since then').getByText('new', { exact: true }).waitFor();
  for (const words of ['Seen before', 'My own']) assert.equal(await it.comment(words).getByText('new', { exact: true }).count(), 0, words);
  // However many threads somebody reads.
  await it.page.evaluate(() => {
    const many = {};
    for (let n = 0; n < 300; n += 1) many[`t${n}-`] = n + 1;
    localStorage.setItem('postil:visits', JSON.stringify(many));
  });
  await it.page.reload();
  await it.comment('Since then').waitFor();
  await it.page.waitForFunction(() => Object.keys(JSON.parse(localStorage.getItem('postil:visits'))).length === 200);
  assert.deepEqual(it.errors, []);
});

for (const [what, prepare] of [
  ['where browsers hold on to what is read', undefined],
  [
    'where they do not',
    (context) =>
      context.addInitScript(() => {
        const { supports } = CSS;
        CSS.supports = (name, value) => name !== 'overflow-anchor' && supports.call(CSS, name, value);
        addEventListener('DOMContentLoaded', () => (document.documentElement.style.overflowAnchor = 'none'));
      }),
  ],
]) {
  test(`what is being read stays where it is while comments and replies arrive, ${what}`, TIMEOUT, async () => {
    const url = newPage();
    const first = await comment(site, url, `Read this ${run}`);
    for (let n = 0; n < 4; n += 1) await comment(site, url, `Words ${first.id}-${n}. `.repeat(80));
    const last = await comment(site, url, `On top ${run}`);
    const it = await visit(url, { prepare });
    const read = it.thread.locator(`#postil-${first.id}`);
    await read.waitFor();
    await it.page.setViewportSize({ width: 1000, height: 500 });
    await read.evaluate((article) => article.scrollIntoView({ block: 'center' }));
    await frames(it.page);
    const top = () => read.evaluate((article) => article.getBoundingClientRect().top);
    const before = await top();
    const heard = it.page.waitForFunction(() => document.querySelector('postil-thread').shadowRoot.querySelectorAll('.kids > li').length === 2);
    await comment(site, url, `Arrives ${run}`);
    await comment(site, url, `Reply above ${run}`, { parent_id: last.id });
    await comment(site, url, `And another ${run}`, { parent_id: last.id });
    await heard;
    await frames(it.page);
    // Browsers scroll by whole pixels.
    assert.ok(Math.abs((await top()) - before) < 1, `${await top()} and ${before}`);
    const fresh = it.thread.getByRole('button', { name: '1 new comment' });
    await fresh.waitFor();
    assert.ok(await fresh.evaluate((button) => button.getBoundingClientRect().top >= 0), 'and the reader sees that there is more');
    await fresh.click();
    await it.comment('Arrives').waitFor();
    assert.ok(await it.comment('Arrives').evaluate((article) => article === article.getRootNode().activeElement));
    assert.deepEqual(it.errors, []);
  });
}

test('where streams fail, what is new is asked for', TIMEOUT, async () => {
  const url = newPage();
  await comment(site, url, `There ${run}`);
  const it = await visit(url, { prepare: (context) => context.route(`${origin}/v1/threads/*/events*`, (route) => route.abort()) });
  await it.comment('There').waitFor();
  await comment(site, url, `Asked for ${run}`);
  await it.thread.getByRole('button', { name: '1 new comment' }).waitFor();
});

test('the stream closes when the page is hidden or left, and opens again', TIMEOUT, async () => {
  const url = newPage();
  const open = new Set();
  const it = await visit(url, {
    prepare: async (context) => {
      context.on('request', (request) => request.url().includes('/events') && open.add(request));
      context.on('requestfailed', (request) => open.delete(request));
    },
  });
  const until = async (size) => {
    const end = Date.now() + 10_000;
    while (open.size !== size && Date.now() < end) await frames(it.page);
    assert.equal(open.size, size);
  };
  await until(1);
  await turn(it.page, 'hidden');
  await until(0);
  await turn(it.page, 'visible');
  await until(1);
  await it.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await until(0);
  await it.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await until(1);
});

test('a service that comes back is noticed without being asked, and the focus goes along when it was', TIMEOUT, async () => {
  const url = newPage();
  await comment(site, url, `Back again ${run}`);
  let down = true;
  const it = await visit(url, {
    prepare: (context) => context.route(`${origin}/v1/threads?**`, (route) => (down ? route.abort() : route.continue())),
  });
  const retry = it.page.getByRole('button', { name: 'Try again' });
  await retry.waitFor();
  await retry.focus();
  down = false;
  await it.comment('Back again').waitFor();
  assert.ok(await it.thread.getByRole('heading').first().evaluate((heading) => heading === heading.getRootNode().activeElement));
});

test('offline and back: one quiet line, and then what was missed', TIMEOUT, async () => {
  const url = newPage();
  await comment(site, url, `Before ${run}`);
  const it = await visit(url);
  await it.comment('Before').waitFor();
  const dead = [`${origin}/v1/**`, (route) => route.abort()];
  await it.page.route(...dead);
  await turn(it.page, 'hidden');
  await turn(it.page, 'visible');
  await it.thread.getByText('There is no connection to the comments just now.').waitFor();
  await comment(site, url, `Meanwhile ${run}`);
  await it.page.unroute(...dead);
  await it.thread.getByRole('button', { name: 'Try again' }).click();
  await it.thread.getByRole('button', { name: '1 new comment' }).waitFor();
  await it.thread.getByText('There is no connection').waitFor({ state: 'hidden' });
});

test('the number of new comments is said now and then, and never their words', TIMEOUT, async () => {
  const url = newPage();
  await comment(site, url, `First ${run}`);
  const it = await visit(url);
  await it.comment('First').waitFor();
  await it.page.evaluate(() => {
    window.said = [];
    const region = document.querySelector('postil-thread').shadowRoot.querySelector('[role="status"]');
    new MutationObserver(() => region.textContent && window.said.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
  });
  for (let n = 1; n <= 4; n += 1) await comment(site, url, `Secret words ${n}`);
  await it.thread.getByRole('button', { name: '4 new comments' }).waitFor();
  await it.page.waitForFunction(() => window.said.length > 0);
  assert.deepEqual(await it.page.evaluate(() => window.said), ['1 new comment']);
});
