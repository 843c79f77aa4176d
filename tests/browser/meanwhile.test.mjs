// What comes between: answers out of order, what others do to a comment that is being answered, a reader who went on to
// something else, a block that is put elsewhere, a log that no longer reaches back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './harness.mjs';
import { comment, Publisher } from './publisher.mjs';
import { Desk, origin, problem, TIMEOUT } from './writing.mjs';

let browser;
let publisher;
before(async () => {
  browser = await launch();
  publisher = await Publisher.open();
});
after(async () => {
  await browser?.close();
  await publisher?.close();
});

/** A page of a site of its own, with comments, oldest first. */
async function lively(count = 0, head = '') {
  const site = await publisher.site();
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`, { head });
  const write = (words, more) => comment(site, url, words, more);
  const made = [];
  for (let n = 0; n < count; n += 1) made.push(await write(`Root ${n}`));
  return { site, url, write, made };
}

/** The page, read by somebody who has the block before them; nothing that is `held` goes on before it is let go. */
async function read(url, prepare) {
  const it = await Desk.at(browser, { path: url, prepare });
  await it.thread.locator('form').first().waitFor();
  return it;
}

/** Holds requests back that `wanted` names; gives what lets go of the one that was held first. */
async function holding(it, wanted) {
  const held = [];
  await it.context.route(
    (url) => url.pathname.startsWith('/v1/'),
    (route) => (wanted(route.request()) ? held.push(route) : route.fallback()),
  );
  return {
    async count(n) {
      while (held.length < n) await it.page.evaluate(() => new Promise(requestAnimationFrame));
    },
    go: () => held.shift().continue(),
  };
}


test('of two orders that are asked for, the later one is shown, whichever comes first', TIMEOUT, async () => {
  const { url } = await lively(3);
  const it = await read(url);
  const slow = await holding(it, (request) => request.url().includes('sort=oldest'));
  const sort = it.thread.getByRole('combobox', { name: 'Sort by' });
  await sort.selectOption('oldest');
  await slow.count(1);
  const top = it.page.waitForResponse(/sort=top/);
  await sort.selectOption('top');
  await top;
  const shown = await it.comments.allTextContents();
  const late = it.page.waitForResponse(/sort=oldest/);
  await slow.go();
  await (await late).finished();
  await it.page.evaluate(() => new Promise(requestAnimationFrame));
  assert.deepEqual([await sort.inputValue(), await it.comments.allTextContents()], ['top', shown]);
});

test('a page of one order is not added to the list of another', TIMEOUT, async () => {
  const { url } = await lively(24);
  const it = await read(url);
  const slow = await holding(it, (request) => request.url().includes('after='));
  const more = it.thread.getByRole('button', { name: 'Load more comments' });
  await more.click();
  await slow.count(1);
  await it.thread.getByRole('combobox', { name: 'Sort by' }).selectOption('oldest');
  await it.comments.first().getByText('Root 0', { exact: true }).waitFor();
  await slow.go();
  await more.click();
  await slow.count(1);
  await slow.go();
  await it.comment('Root 23').waitFor();
  assert.equal(await it.comments.count(), 24);
  assert.equal(await it.comments.last().getByText('Root 23', { exact: true }).count(), 1);
});

test('a reader who votes and takes it back before they are known is one guest, whose last word counts', TIMEOUT, async () => {
  const { url, made } = await lively(1);
  const it = await read(url);
  const slow = await holding(it, (request) => request.url().endsWith('/identity/guest'));
  const up = it.comment('Root 0').getByRole('button', { name: 'Vote up' });
  await up.click();
  await slow.count(1);
  const guests = [];
  it.page.on('request', (request) => request.url().endsWith('/identity/guest') && guests.push(request));
  await up.click();
  const answers = [];
  it.page.on('response', (response) => /\/vote$/.test(response.url()) && response.request().method() === 'PUT' && answers.push(response.status()));
  await slow.go();
  while (answers.length < 2) await it.page.evaluate(() => new Promise(requestAnimationFrame));
  const { comment: kept } = await (await fetch(`${origin}/v1/comments/${made[0].id}`)).json();
  assert.deepEqual([kept.votes.up, await up.getAttribute('aria-pressed'), guests.length], [0, 'false', 0]);
});

test('who goes on to something else while a comment is sent, or a page is loaded, is left there', TIMEOUT, async () => {
  const { url } = await lively(24);
  const it = await read(url);
  await it.ready();
  const slow = await holding(it, (request) => request.method() === 'POST' || request.url().includes('after='));
  await it.thread.getByRole('button', { name: 'Load more comments' }).click();
  await slow.count(1);
  await it.text.fill('On its way');
  await slow.go();
  await it.comment('Root 0').waitFor();
  assert.equal(await it.text.evaluate((text) => text.matches(':focus')), true, 'a page that is loaded');
  await it.send.click();
  await slow.count(1);
  await it.comment('Root 23').getByRole('button', { name: 'Reply' }).click();
  const answer = it.comment('Root 23').getByRole('textbox', { name: /reply to/ });
  await answer.fill('Half a sent');
  await slow.go();
  await it.posted('On its way').waitFor();
  await it.page.keyboard.type('ence');
  assert.equal(await answer.inputValue(), 'Half a sentence');
});

test('while sending has to wait, the button says so however often it is pressed', TIMEOUT, async () => {
  const { url } = await lively();
  const it = await read(url);
  await it.ready();
  await it.context.route(`${origin}/v1/comments`, (route) =>
    route.request().method() === 'POST' ? route.fulfill({ ...problem(429, 'rate_limited', { retryAfter: 60 }), headers: { 'Retry-After': '60', 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After' } }) : route.fallback(),
  );
  await it.text.fill('Too fast');
  await it.send.click();
  await it.thread.locator('.write .error').filter({ hasText: /in \d+ s/ }).waitFor();
  await it.send.click({ force: true });
  await it.page.evaluate(() => new Promise(requestAnimationFrame));
  assert.equal(await it.send.getAttribute('aria-disabled'), 'true');
});

test('a comment that is deleted while it is being answered leaves its place, and the answer in it', TIMEOUT, async () => {
  const { url, made } = await lively(2);
  const it = await read(url);
  await it.comment('Root 0').getByRole('button', { name: 'Reply' }).click();
  const answer = it.thread.getByRole('textbox', { name: /reply to/ });
  await answer.fill('I would add');
  const { token } = made[0];
  const gone = await fetch(`${origin}/v1/comments/${made[0].id}`, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
  assert.equal(gone.status, 204);
  await it.thread.getByText('This comment was deleted.').waitFor();
  assert.deepEqual([await answer.inputValue(), await answer.evaluate((text) => text.matches(':focus'))], ['I would add', true]);
  await it.thread.getByRole('button', { name: 'Send reply' }).click();
  await it.thread.locator('article .error:visible').waitFor();
  assert.equal(await answer.inputValue(), 'I would add');
});

test('the focus stays where it is when a comment changes', TIMEOUT, async () => {
  const { url, write, made } = await lively(2);
  const again = { method: 'PUT', headers: { Authorization: `Bearer ${made[1].token}`, 'Content-Type': 'application/json' } };
  const react = (id) => fetch(`${origin}/v1/comments/${id}/reactions/${encodeURIComponent('👍')}`, { ...again, headers: { Authorization: `Bearer ${made[1].token}` } });
  for (const { id } of made) await react(id);
  const it = await read(url);
  const chip = it.comment('Root 1').locator('.reaction');
  await chip.focus();
  assert.equal((await fetch(`${origin}/v1/comments/${made[0].id}/vote`, { ...again, body: '{"value":1}' })).status, 200);
  await it.comment('Root 0').getByRole('button', { name: 'Vote up, 1' }).waitFor();
  assert.equal(await chip.evaluate((button) => button.matches(':focus')), true, 'not to the same reaction elsewhere');
  const link = it.comment('Root 0').locator('.when');
  await link.focus();
  await write('An answer', { parent_id: made[0].id });
  await it.comment('An answer').waitFor();
  assert.equal(await link.evaluate((one) => one.matches(':focus')), true, 'not lost with a link made anew');
});

test('a log that no longer reaches back: the thread is read anew, and not over and over; the writer keeps caret and focus', TIMEOUT, async () => {
  const { url } = await lively(2);
  const asked = [];
  const it = await read(url, (context) => {
    context.on('requestfinished', (request) => /\/v1\/threads\?/.test(request.url()) && asked.push(request));
    return context.route(`${origin}/v1/threads/*/events*`, (route) =>
      route.fulfill({ status: 200, headers: { 'Content-Type': 'text/event-stream', 'Access-Control-Allow-Origin': '*' }, body: 'event: resync\ndata: {}\n\n' }),
    );
  });
  // At first, and anew as the stream says; from then on it is the block's own doing.
  while (asked.length < 2) await it.page.evaluate(() => new Promise(requestAnimationFrame));
  await it.text.fill('Half');
  await it.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  // The next try is made after a while, and asks for little.
  await it.page.waitForRequest(/\/changes\?/);
  assert.equal(asked.length, 3, 'once anew each time that it listened');
  await it.page.keyboard.type(' a sentence');
  assert.equal(await it.text.inputValue(), 'Half a sentence');
});

test('on a page with a base of its own, a comment’s link leads to the comment', TIMEOUT, async () => {
  const { url, made } = await lively(1, '<base href="/elsewhere/">');
  const it = await read(url);
  await it.comment('Root 0').locator('.when').click();
  await it.thread.locator('.marked').waitFor();
  assert.deepEqual([it.page.url(), it.loads], [`${url}#postil-${made[0].id}`, 2]);
});

test('where storage is refused, what is being written outlives a block that is put elsewhere', TIMEOUT, async () => {
  const { url } = await lively();
  const it = await read(url, (context) =>
    context.addInitScript(() => {
      Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('refused', 'SecurityError'); } });
    }),
  );
  await it.ready();
  await it.text.fill('Not to be lost');
  await it.page.evaluate(() => document.querySelector('postil-thread').setAttribute('locale', 'de'));
  const text = it.page.locator('postil-thread textarea');
  await it.page.locator('postil-thread [lang="de"]').waitFor();
  await it.page.waitForFunction(() => document.querySelector('postil-thread').shadowRoot.querySelector('textarea')?.value === 'Not to be lost');
  assert.equal(await text.count(), 1);
});

test('storage in which the page wrote something else brings nothing down', TIMEOUT, async () => {
  const { url, site } = await lively(1);
  const it = await read(url, (context) =>
    context.addInitScript(
      ([key, author]) => {
        localStorage.setItem(key, '{"token":"x"}');
        localStorage.setItem(author, '[3]');
        localStorage.setItem('postil:visits', '"rubbish"');
      },
      [`postil:${origin}:${site}`, `postil-author:${origin}:${site}`],
    ),
  );
  await it.comment('Root 0').waitFor();
  await it.ready();
  await it.text.fill('And writes');
  await it.send.click();
  await it.posted('And writes').waitFor();
});
