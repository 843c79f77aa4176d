// "Notify of", whole: chosen in the block, agreed to by the mailed link, told, and left again; and signing in by mail.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, Window } from './harness.mjs';
import { letter } from './letters.mjs';
import { Desk, origin } from './writing.mjs';

const TIMEOUT = { timeout: 90_000 };
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const run = Date.now().toString(36);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Holds a page of the service's against axe-core, in light and dark and as wide as a phone. */
async function accessible(page) {
  await page.setViewportSize({ width: 360, height: 740 });
  const script = await readFile(AXE, 'utf8');
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    // Evaluated, since the page's policy lets no script in.
    await page.evaluate(script);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it fits a phone');
  }
}

test('chosen in the block, agreed to by the mailed link, told, and left with one button', TIMEOUT, async () => {
  const to = `reader-${run}@example.org`;
  const it = await Desk.at(browser);
  const bar = it.thread.locator('form.notify');
  await bar.getByRole('textbox', { name: 'E-mail' }).fill(to);
  await bar.getByRole('button', { name: 'Notify me' }).click();
  await bar.getByText('Please confirm this').waitFor();

  const { link } = await letter(to, 'confirm');
  const page = await it.context.newPage();
  await page.goto(link);
  await accessible(page);
  await page.getByRole('button').click();
  await page.getByRole('heading', { name: 'You are subscribed' }).waitFor();
  await accessible(page);
  await page.getByRole('link', { name: 'See and change all subscriptions' }).click();
  await page.getByRole('heading', { name: 'Your subscriptions' }).waitFor();
  await accessible(page);
  await page.getByRole('combobox').selectOption('hourly');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.getByRole('combobox').selectOption('instant');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();

  // Somebody else writes, in a browser of their own.
  const other = await Desk.at(browser, { path: it.path });
  await other.write(`News for you ${run}`);
  await other.posted(`News for you ${run}`).waitFor();
  const news = await letter(to, 'unsubscribe');
  assert.ok(news.text.includes(`News for you ${run}`), news.text);
  await page.goto(news.link);
  await page.getByRole('button', { name: 'Unsubscribe' }).click();
  await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
  await accessible(page);
  assert.deepEqual(it.errors, []);
});

test('a comment takes the choice along', TIMEOUT, async () => {
  const to = `writer-${run}@example.org`;
  const it = await Desk.at(browser);
  await it.text.fill(`Tell me of answers ${run}`);
  await it.thread.locator('.write').getByRole('combobox', { name: 'Notify me of' }).selectOption('replies to me');
  await it.thread.locator('.write').getByRole('textbox', { name: /mail/i }).first().fill(to);
  await it.send.click();
  await it.posted(`Tell me of answers ${run}`).waitFor();
  await it.thread.locator('form.notify').getByText('Please confirm this').waitFor();
  await letter(to, 'confirm');
  assert.deepEqual(it.errors, []);
});

test('the mailed link signs in on the page that it was asked for on, where its reader says so', TIMEOUT, async () => {
  const to = `member-${run}@example.org`;
  // A page that the service really has: what a redirect leads to is not asked of a test's own pages.
  const address = `${origin}/demo/`;
  const it = await Window.open(browser, '/demo/');
  const asked = await it.page.request.post(`${origin}/v1/identity/email`, { data: { site: 'demo', email: to, url: address } });
  assert.equal(asked.status(), 202);
  const { link } = await letter(to, 'sign-in');
  await it.page.goto(link);
  await accessible(it.page);
  await it.page.setViewportSize({ width: 1000, height: 1400 });
  await it.page.getByRole('button').click();
  // The code in the fragment is taken away as soon as it is read. Nothing in this browser asked for the letter.
  await it.page.waitForURL(address);
  await it.thread.getByRole('group', { name: /^Sign in as .*m…@example\.org/ }).getByRole('button', { name: 'Sign in' }).click();
  await it.page.waitForFunction(() => Object.values(localStorage).some((kept) => kept.includes('"kind":"email"')));
  assert.deepEqual(it.errors, []);
});

test('a moderator decides from a letter, on a page in the language of the site', TIMEOUT, async () => {
  const site = `mod-${run}`;
  const call = async (method, path, data, status) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${process.env.POSTIL_TOKEN}` };
    const answer = await fetch(`${origin}/v1/${path}`, { method, headers, body: JSON.stringify(data) });
    const text = await answer.text();
    assert.equal(answer.status, status, text);
    return JSON.parse(text);
  };
  const post = async (author, body, status) => {
    const answer = await fetch(`${origin}/v1/comments`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ site, url: `${origin}/demo/${run}`, body, author }),
    });
    assert.equal(answer.status, status);
    return answer.json();
  };
  const to = `mo-${run}@example.org`;
  await call('POST', 'sites', { slug: site, name: 'صحيفة', locale: 'ar', origins: [origin] }, 201);
  const mo = await post({ name: 'منى', email: to }, 'أول', 201);
  await call('PATCH', `moderation/people/${mo.author.id}`, { role: 'moderator' }, 200);
  await call('PATCH', `sites/${site}`, { policy: { moderation: 'pre' } }, 200);
  const held = `ينتظر ${run}\n\n\`\`\`\n${'w'.repeat(200)}\n\`\`\``;
  await post({ name: 'ليلى' }, held, 202);
  const { link } = await letter(to, 'decide');
  for (const [width, colorScheme] of [[360, 'light'], [360, 'dark'], [1200, 'light'], [1200, 'dark']]) {
    const context = await browser.newContext({ viewport: { width, height: 740 }, colorScheme });
    const page = await context.newPage();
    assert.equal((await page.goto(link)).status(), 200);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `fits ${width}`);
    if (process.env.POSTIL_SCREENS) await page.screenshot({ path: `${process.env.POSTIL_SCREENS}/decide-${width}-${colorScheme}.png`, fullPage: true });
    await accessible(page);
    await context.close();
  }
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole('button').first().click();
  assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
  assert.equal((await page.goto(link)).status(), 410);
  await context.close();
  const thread = await fetch(`${origin}/v1/threads?site=${site}&url=${encodeURIComponent(`${origin}/demo/${run}`)}`);
  assert.ok((await thread.text()).includes(`ينتظر ${run}`), 'it is public');
});

test('the pages behind letters speak the language of the site, from right to left where it goes so', TIMEOUT, async () => {
  const to = `rtl-${run}@example.org`;
  const site = `ar-${run}`;
  const call = async (path, data, status) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${process.env.POSTIL_TOKEN}` };
    const answer = await fetch(`${origin}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(data) });
    assert.equal(answer.status, status, await answer.text());
  };
  await call('sites', { slug: site, name: 'صحيفة', locale: 'ar', origins: [origin] }, 201);
  const url = `${origin}/demo/${run}`;
  await call('subscriptions', { site, scope: 'thread', url, email: to }, 202);
  const context = await browser.newContext();
  const page = await context.newPage();
  const visit = async (link, status) => {
    assert.equal((await page.goto(link)).status(), status);
    await accessible(page);
  };
  const press = async (button) => {
    await Promise.all([page.waitForNavigation(), button.click()]);
    assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
    await accessible(page);
  };

  const { link } = await letter(to, 'confirm');
  await visit(link, 200);
  await press(page.getByRole('button'));
  const manage = new URL(await page.getByRole('link').last().getAttribute('href'), origin).href;
  const written = await fetch(`${origin}/v1/comments`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ site, url, body: `خبر ${'w'.repeat(200)}`, author: { name: 'ليلى' } }),
  });
  assert.equal(written.status, 201);
  const news = await letter(to, 'unsubscribe');
  assert.ok(/<html[^>]* dir=3D"rtl"|<html[^>]* dir="rtl"/.test(news.source), 'the letter too');
  const html = news.text.slice(news.text.indexOf('<!doctype html>'));
  // On a page of its own: the service's pages allow no styles within elements.
  const phone = await browser.newPage({ viewport: { width: 360, height: 740 } });
  await phone.setContent(html.slice(0, html.indexOf('</html>')));
  assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the letter fits a phone');
  await phone.close();
  await visit(news.link, 200);
  await press(page.getByRole('button'));
  await visit(manage, 200);
  await call('subscriptions', { site, scope: 'thread', url: `${url}-b`, email: to }, 202);
  await visit(manage, 200);
  for (const button of [page.getByRole('button').nth(0), page.getByRole('button').nth(1), page.getByRole('button').last()]) {
    await press(button);
  }
  // The address is forgotten, and what was sent to it leads nowhere.
  await visit(link, 410);
  await visit(`${origin}/s/manage/nonsense`, 404);
  await context.close();
});
