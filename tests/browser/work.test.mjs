// Proof of work: the service's challenges are solved by ALTCHA's own client library, and by the widget, which the reader does not
// notice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/sha';
import { launch, serviceUrl, Window } from './harness.mjs';
import { Publisher, run } from './publisher.mjs';

const TIMEOUT = { timeout: 120_000 };
const service = serviceUrl().origin;
const RULES = { policy: { proof_of_work: 'guests' } };

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

/** Posts a comment as a program does: the status and the answer. */
async function post(body, key = crypto.randomUUID()) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
  const response = await fetch(`${service}/v1/comments`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, answer: await response.json() };
}

test("the whole exchange with ALTCHA's own library", TIMEOUT, async () => {
  const site = await publisher.site(RULES);
  const comment = { site, url: publisher.page(''), body: `By the library ${run}` };
  const refused = await post(comment);
  assert.deepEqual([refused.status, refused.answer.code], [422, 'work_required']);
  const challenge = await (await fetch(new URL(refused.answer.challenge_url, service))).json();
  const solution = await solveChallenge({ challenge, deriveKey });
  const work = btoa(JSON.stringify({ challenge, solution }));
  const key = crypto.randomUUID();
  const posted = await post({ ...comment, work }, key);
  assert.equal(posted.status, 201);
  assert.equal((await post({ ...comment, work }, key)).answer.id, posted.answer.id);
  assert.equal((await post({ ...comment, work })).answer.code, 'work_spent');
});

// Strict, and without a worker; over plain HTTP, where there is no `crypto.subtle`.
const POLICY = `default-src 'none'; script-src ${service}; connect-src ${service}; style-src 'none'; img-src data:; worker-src 'none';
  require-trusted-types-for 'script'`.replace(/\s+/g, ' ');
const PLAIN = "Object.defineProperty(crypto, 'subtle', { value: undefined })";

/** A window on a page of a new site, with what it asked of the service. */
async function desk(rules, prepare = async () => {}) {
  const site = await publisher.site(rules);
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`, { headers: { 'Content-Security-Policy': POLICY } });
  const asked = [];
  const it = await Window.open(browser, url, {
    prepare: async (context) => {
      await context.addInitScript(PLAIN);
      context.on('response', async (response) => {
        const { pathname } = new URL(response.url());
        const name = /^\/v1\/(challenges|comments)$/.exec(pathname)?.[1] ?? /^\/postil\/(work)-/.exec(pathname)?.[1];
        if (name && response.request().method() !== 'OPTIONS') asked.push(`${name} ${response.status()}`);
      });
      await prepare(context);
    },
  });
  const text = it.thread.getByRole('textbox', { name: 'Your comment' });
  const send = it.thread.getByRole('button', { name: 'Send', exact: true });
  await it.thread.getByRole('button', { name: 'Preview' }).waitFor();
  return { it, asked, text, send };
}

test('what solves the challenge is found while the reader writes, and the page stays quick', TIMEOUT, async () => {
  const { it, asked, text, send } = await desk(RULES);
  assert.deepEqual(asked, []);
  await it.page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ entryTypes: ['longtask'] });
  });
  const challenged = it.page.waitForResponse(`${service}/v1/challenges*`);
  await text.pressSequentially('Worked');
  await challenged;
  await text.pressSequentially(` for ${run}`);
  await send.click();
  await it.comment(`Worked for ${run}`).and(it.page.locator(':not([aria-busy])')).waitFor();
  assert.deepEqual(asked, ['work 200', 'challenges 200', 'comments 201']);
  // Another costs another; an answer too.
  await text.fill(`And again ${run}`);
  await send.click();
  await it.comment(`And again ${run}`).and(it.page.locator(':not([aria-busy])')).waitFor();
  assert.deepEqual(asked.slice(3), ['challenges 200', 'comments 201']);
  assert.ok((await it.page.evaluate(() => window.longest)) < 200, 'the page was kept waiting');
  assert.deepEqual(it.errors, []);
});

test('where only what is suspicious costs, no challenge is fetched before the service asks', TIMEOUT, async () => {
  // From a network of its own: what comes from one that asks much is suspicious by that. Trusted as a proxy is, by the service.
  const from = (route) => route.continue({ headers: { ...route.request().headers(), 'X-Forwarded-For': '198.51.100.7' } });
  const alone = (context) => context.route(`${service}/v1/comments`, from);
  const { it, asked, text, send } = await desk({ policy: { proof_of_work: 'suspicious' } }, alone);
  await text.fill(`Harmless ${run}`);
  await send.click();
  await it.comment(`Harmless ${run}`).and(it.page.locator(':not([aria-busy])')).waitFor();
  assert.deepEqual(asked, ['work 200', 'comments 201']);
  await text.fill(`See https://a.example ${run}`);
  await send.click();
  await it.comment('See https://a.example').and(it.page.locator(':not([aria-busy])')).waitFor();
  assert.deepEqual(asked.slice(2), ['comments 422', 'challenges 200', 'comments 201']);
});

test('who waits long hears it, and what fails leaves the text', TIMEOUT, async () => {
  let letIn;
  const gate = new Promise((open) => (letIn = open));
  let outage = true;
  const { it, text, send } = await desk(RULES, (context) =>
    context.route(`${service}/v1/challenges*`, async (route) => {
      if (outage) return route.abort();
      await gate;
      return route.continue();
    }),
  );
  await text.fill(`Patience ${run}`);
  await send.click();
  await it.thread.getByText('This could not be sent').first().waitFor();
  assert.equal(await text.inputValue(), `Patience ${run}`);
  outage = false;
  await send.click();
  await it.thread.getByRole('status').filter({ hasText: 'Sending…' }).waitFor();
  letIn();
  await it.comment(`Patience ${run}`).and(it.page.locator(':not([aria-busy])')).waitFor();
});
