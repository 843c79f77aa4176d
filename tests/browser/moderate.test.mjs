// Moderating in place: what a moderator sees and does in the block, and what nobody else does.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch } from './harness.mjs';
import { administer } from './publisher.mjs';
import { Desk, origin, TIMEOUT } from './writing.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Another reader's comment on the same page. */
async function write(it, body, status) {
  const answer = await fetch(`${origin}/v1/comments`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ site: 'demo', url: `${origin}${it.path}`, body, author: { name: 'Ada' } }),
  });
  assert.equal(answer.status, status);
  return answer.json();
}

/** A desk whose reader was made a moderator, on a page that is read before the public does, with two comments waiting. */
async function moderator() {
  const it = await Desk.at(browser);
  await it.write('I was here first');
  const { id } = await it.page.evaluate(() => {
    const kept = Object.values(localStorage).map((value) => { try { return JSON.parse(value); } catch { return null; } });
    return kept.map((value) => value?.person ?? value?.reader).find((person) => person?.id);
  });
  await administer('PATCH', `moderation/people/${id}`, { role: 'moderator' });
  it.person = id;
  await administer('PUT', 'moderation/threads', { site: 'demo', url: `${origin}${it.path}`, policy: { moderation: 'pre' } });
  await write(it, 'Please let me in', 202);
  await write(it, 'Buy cheap watches', 202);
  await it.reload();
  return it;
}

test('a moderator approves, calls spam, pins and closes in place', TIMEOUT, async () => {
  const it = await moderator();
  const waiting = it.comment('Please let me in');
  await waiting.getByText('waiting for approval').waitFor();
  await it.thread.getByText('Waiting for approval: 2').waitFor();
  const other = await Desk.at(browser, { path: it.path });
  const beside = other.thread;
  await beside.getByText('I was here first').waitFor();
  await other.ready();
  assert.equal(await beside.getByText('Please let me in').count(), 0);
  assert.equal(await beside.getByRole('button', { name: 'Approve' }).count(), 0);
  assert.equal(await beside.getByRole('button', { name: 'Close the discussion' }).count(), 0);

  const folder = process.env.POSTIL_SCREENS;
  for (const [width, colorScheme] of [[360, 'light'], [360, 'dark'], [1200, 'light'], [1200, 'dark']]) {
    await it.page.setViewportSize({ width, height: 1000 });
    await it.page.emulateMedia({ colorScheme });
    await it.page.evaluate((scheme) => (document.querySelector('postil-thread').setAttribute('theme', scheme)), colorScheme);
    await it.page.evaluate(await readFile(AXE, 'utf8'));
    const { violations } = await it.page.evaluate(() => globalThis.axe.run('postil-thread', { resultTypes: ['violations'] }));
    assert.deepEqual(violations.map((found) => [found.id, found.nodes.map((node) => node.html)]), []);
    assert.ok(await it.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `fits ${width}`);
    if (folder) await it.page.screenshot({ path: `${folder}/moderate-${width}-${colorScheme}.png`, fullPage: true });
  }
  await it.page.setViewportSize({ width: 1000, height: 1400 });

  await waiting.getByRole('button', { name: 'Approve' }).click();
  await waiting.getByText('waiting for approval').waitFor({ state: 'detached' });
  assert.equal(await it.kept('Please let me in'), 1);
  await it.comment('Buy cheap watches').getByRole('button', { name: 'Spam' }).click();
  await it.comment('Buy cheap watches').waitFor({ state: 'detached' });
  assert.equal(await it.kept('Buy cheap watches'), 0);

  await waiting.getByRole('button', { name: 'Pin', exact: true }).click();
  await waiting.getByRole('button', { name: 'Unpin' }).waitFor();
  await it.thread.getByRole('button', { name: 'Close the discussion' }).click();
  await it.thread.getByRole('button', { name: 'Reopen the discussion' }).waitFor();
  assert.equal(await it.text.count(), 0);
  assert.deepEqual(it.errors, []);
});

test('what changed since it was read is not decided about', TIMEOUT, async () => {
  const it = await moderator();
  const waiting = it.comment('Please let me in');
  const id = (await waiting.getAttribute('id')).replace('postil-', '');
  await administer('POST', 'moderation/actions', { action: 'reject', ids: [id] });
  await waiting.getByRole('button', { name: 'Approve' }).click();
  await waiting.getByText('It has changed meanwhile').waitFor();
  assert.equal(await it.kept('Please let me in'), 0);
});

test('what comes to wait later is seen within a minute, and what others decided waits no more', TIMEOUT, async () => {
  const it = await moderator();
  await it.page.clock.install();
  await it.reload();
  await it.thread.getByText('Waiting for approval: 2').waitFor();
  const id = (await it.comment('Buy cheap watches').getAttribute('id')).replace('postil-', '');
  await administer('POST', 'moderation/actions', { action: 'spam', ids: [id] });
  await write(it, 'I come late', 202);
  assert.equal(await it.comment('I come late').count(), 0);
  await it.page.clock.runFor(61_000);
  await it.comment('I come late').getByText('waiting for approval').waitFor();
  await it.comment('Buy cheap watches').waitFor({ state: 'detached' });
  await it.thread.getByText('Waiting for approval: 2').waitFor();
  assert.deepEqual(it.errors, []);
  await administer('PATCH', `moderation/people/${it.person}`, { role: 'reader' });
  await it.page.clock.runFor(61_000);
  await it.comment('I come late').waitFor({ state: 'detached' });
  assert.equal(await it.comment('I was here first').count(), 1);
  assert.equal(await it.thread.getByRole('button', { name: 'Close the discussion' }).count(), 0);
});
