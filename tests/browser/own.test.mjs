// What helps with writing, and what becomes of comments of one's own: previewed, held, edited, deleted and not deleted.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './harness.mjs';
import { administer } from './publisher.mjs';
import { Desk, origin, problem, TIMEOUT } from './writing.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test('a preview shows what the comment will be, safely, and gives the text back', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  const source = 'A *leaning* hand\n\n<img src=x onerror="window.hurt = 1"><script>window.hurt = 1</script>';
  await it.text.fill(source);
  const toggle = it.thread.getByRole('button', { name: 'Preview' });
  await toggle.click();
  const shown = it.thread.getByRole('region', { name: 'Preview' });
  assert.equal(await shown.locator('em').textContent(), 'leaning');
  assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
  assert.equal(await it.text.count(), 0);
  await toggle.click();
  assert.equal(await it.text.inputValue(), source);
  assert.equal(await it.page.evaluate(() => window.hurt), undefined);

  // It can be sent from here, and what is wrong leads back to the text.
  await toggle.click();
  await it.context.route(`${origin}/v1/comments`, (route) => route.fulfill(problem(500, 'internal', { detail: 'Broken.' })), { times: 1 });
  await it.send.click();
  await it.thread.locator('.error').filter({ hasText: 'Broken.' }).waitFor();
  assert.equal(await it.text.inputValue(), source);
  await it.context.route(`${origin}/v1/preview`, (route) => route.abort(), { times: 1 });
  await toggle.click();
  await it.thread.locator('.write .error').filter({ hasText: 'cannot be reached' }).waitFor();
  assert.equal(await it.text.isVisible(), true);
  assert.deepEqual(it.foreign, []);
});

test('what Markdown can do is shown on request', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.ready();
  const help = it.thread.getByRole('button', { name: 'Formatting' });
  await help.click();
  await it.thread.getByText('**strong**').waitFor();
  assert.equal(await help.getAttribute('aria-expanded'), 'true');
  await help.click();
  assert.equal(await it.thread.getByText('**strong**').count(), 0);
  assert.deepEqual(it.errors, []);
});

test('a comment that is held is shown to its author as waiting, also after a reload, until it is approved', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.ready();
  const url = `${origin}${it.path}`;
  await administer('PUT', 'moderation/threads', { site: 'demo', url, policy: { moderation: 'pre' } });
  await it.text.fill('For approval');
  await it.send.click();
  const held = it.posted('For approval');
  await held.getByText('waiting for approval').waitFor();
  await it.thread.getByRole('status').filter({ hasText: 'waiting for approval' }).waitFor({ state: 'attached' });
  await it.reload();
  await held.getByText('waiting for approval').waitFor();
  const other = await Desk.at(browser, { path: it.path });
  await other.ready();
  assert.equal(await other.comments.count(), 0);

  const id = (await held.getAttribute('id')).replace('postil-', '');
  await administer('POST', 'moderation/actions', { action: 'approve', ids: [id] });
  await held.getByText('waiting for approval').waitFor({ state: 'detached' });
  await other.thread.getByRole('button', { name: '1 new comment' }).click();
  await other.posted('For approval').waitFor();
  assert.deepEqual([...it.errors, ...other.errors], []);
});

test('with the keyboard alone: from Tab to a comment, its reply, and what undoes its deletion', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.ready();
  const { keyboard } = it.page;
  /** Presses Tab until this is focused. */
  const tabTo = async (name) => {
    for (let presses = 0; presses < 40; presses += 1) {
      await keyboard.press('Tab');
      if ((await it.focused())?.startsWith(name)) return;
    }
    assert.fail(`no way to ${name}`);
  };
  await tabTo('Your comment');
  await keyboard.type('By keyboard');
  await tabTo('Name');
  await keyboard.type('Ada');
  await tabTo('Send');
  await keyboard.press('Enter');
  await it.posted('By keyboard').waitFor();
  await tabTo('Reply');
  await keyboard.press('Enter');
  await it.thread.getByRole('textbox', { name: /^Your reply/ }).waitFor();
  assert.match(await it.focused(), /^Your reply/);
  await keyboard.type('Answered by keyboard');
  await keyboard.press('Control+Enter');
  await it.posted('Answered by keyboard').waitFor();
  assert.match(await it.focused(), /^Reply by /);
  await tabTo('Delete');
  await keyboard.press('Enter');
  await it.thread.getByRole('button', { name: 'Undo' }).waitFor();
  await keyboard.press('Enter');
  assert.equal(await it.focused(), 'Delete');
  assert.deepEqual(it.errors, []);
});

test('deleting can be undone for a while; then the focus goes to what is next', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.page.clock.install();
  await it.write('Stays');
  await it.write('Goes');
  const deletions = [];
  it.page.on('request', (request) => request.method() === 'DELETE' && deletions.push(request.url()));
  const goes = it.thread.locator('article').filter({ hasText: 'This comment is being deleted.' });
  await it.posted('Goes').getByRole('button', { name: 'Delete' }).click();
  await goes.getByRole('button', { name: 'Undo' }).waitFor();
  assert.equal(await it.focused(), 'Undo');
  assert.equal(await it.posted('Goes').locator('.body').isVisible(), false);
  await goes.getByRole('button', { name: 'Undo' }).click();
  assert.equal(await it.focused(), 'Delete');
  await it.page.clock.runFor(20_000);
  assert.deepEqual(deletions, []);
  assert.equal(await it.kept('Goes'), 1);

  await it.posted('Goes').getByRole('button', { name: 'Delete' }).click();
  await goes.waitFor();
  await it.page.clock.runFor(9_000);
  await it.posted('Goes').waitFor({ state: 'detached' });
  assert.match(await it.focused(), /^Comment by /);
  assert.equal(await it.kept('Goes'), 0);
  assert.equal(await it.kept('Stays'), 1);
  assert.deepEqual(it.errors, []);
});

test('an answered comment leaves a tombstone, which has the focus; a deletion that fails leaves the comment', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.page.clock.install();
  await it.write('Answered');
  await it.posted('Answered').getByRole('button', { name: 'Reply' }).click();
  await it.posted('Answered').getByRole('textbox', { name: /^Your reply/ }).fill('The answer');
  await it.posted('Answered').getByRole('button', { name: 'Send reply' }).click();
  await it.posted('The answer').waitFor();
  await it.context.route(`${origin}/v1/comments/*`, (route) => route.fulfill(problem(503, 'unavailable', { detail: 'Not now.' })), { times: 1 });
  const root = it.thread.locator('article').first();
  await root.getByRole('button', { name: 'Delete' }).click();
  await root.getByRole('button', { name: 'Undo' }).waitFor();
  await it.page.clock.runFor(9_000);
  await root.locator('.error').filter({ hasText: 'Not now.' }).waitFor();
  assert.equal(await root.getByText('Answered').isVisible(), true);
  await root.getByRole('button', { name: 'Delete' }).click();
  await root.getByRole('button', { name: 'Undo' }).waitFor();
  await it.page.clock.runFor(9_000);
  await root.getByText('This comment was deleted.').waitFor();
  assert.equal(await it.focused(), 'This comment was deleted.');
});

test('a tab that is closed deletes all the same', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.write('Gone with the tab');
  await it.posted('Gone with the tab').getByRole('button', { name: 'Delete' }).click();
  await it.thread.getByRole('button', { name: 'Undo' }).waitFor();
  await it.page.close({ runBeforeUnload: true });
  const until = Date.now() + 10_000;
  while ((await it.kept('Gone with the tab')) && Date.now() < until);
  assert.equal(await it.kept('Gone with the tab'), 0);
});
