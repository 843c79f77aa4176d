// "Notify of" in the block: the bar for readers, the question for writers, and what the reader is told of their choice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './harness.mjs';
import { Desk } from './writing.mjs';

const TIMEOUT = { timeout: 60_000 };
const run = Date.now().toString(36);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test('a reader asks to be told, is told to confirm, and may stop', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  const bar = it.thread.locator('form.notify');
  await bar.getByRole('button', { name: 'Notify me' }).click();
  await bar.getByText('Please enter your e-mail address.').waitFor();
  await bar.getByRole('textbox', { name: 'E-mail' }).fill(`reader-${run}@example.org`);
  await bar.getByRole('button', { name: 'Notify me' }).click();
  await bar.getByText('Please confirm this').waitFor();
  // It is known again after a reload.
  await it.page.reload();
  await it.approach();
  await bar.getByText('Please confirm this').waitFor();
  await bar.getByRole('button', { name: 'Stop' }).click();
  await bar.getByRole('textbox', { name: 'E-mail' }).waitFor();
  // The browser's own word for the first, refused request.
  assert.ok(it.errors.length <= 1, it.errors.join('\n'));
});

test('a comment takes the choice along', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  const form = it.thread.locator('.write');
  await it.text.fill(`Tell me of answers ${run}`);
  await form.getByRole('combobox', { name: 'Notify me of' }).selectOption('replies to me');
  await form.getByRole('textbox', { name: /^E-mail/ }).first().fill(`writer-${run}@example.org`);
  await it.send.click();
  await it.posted(`Tell me of answers ${run}`).waitFor();
  await it.thread.locator('form.notify').getByText('Please confirm this').waitFor();
  assert.deepEqual(it.errors, []);
});

test('a link that was used says so, and leaves no trace in the address', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.page.goto('about:blank');
  await it.page.goto(`${new URL(it.path, process.env.POSTIL_URL).href}#postil-sign-in=AAAA`);
  await it.thread.locator('.error').getByText('This link or code works no longer.').waitFor();
  assert.equal(await it.page.evaluate(() => location.hash), '');
});
