// What only writers need comes on demand; the form that is there before it is a form already.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Window } from './harness.mjs';

const PART = '**/postil/compose-*.js';
const TIMEOUT = { timeout: 60_000 };
const run = Date.now().toString(36);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test('what is typed before the rest of the form is here stays, and so do caret and focus', TIMEOUT, async () => {
  let letIn;
  const gate = new Promise((open) => (letIn = open));
  const it = await Window.open(browser, '/demo/', {
    prepare: (context) => context.route(PART, async (route) => (await gate, route.continue())),
  });
  const text = it.thread.getByRole('textbox', { name: 'Your comment' });
  await text.pressSequentially(`Typed early ${run}`);
  await text.press('Home');
  await it.thread.getByRole('button', { name: 'Send', exact: true }).focus();
  await text.focus();
  letIn();
  await it.thread.getByRole('textbox', { name: /^Name/ }).waitFor();
  await it.page.keyboard.type('>');
  assert.equal(await text.inputValue(), `>Typed early ${run}`);
  assert.deepEqual(it.errors, []);
});

test('sent before the rest is here, a comment is posted when it comes', TIMEOUT, async () => {
  let letIn;
  const gate = new Promise((open) => (letIn = open));
  const it = await Window.open(browser, '/demo/', {
    prepare: (context) => context.route(PART, async (route) => (await gate, route.continue())),
  });
  await it.thread.getByRole('textbox', { name: 'Your comment' }).fill(`Sent early ${run}`);
  await it.thread.getByRole('button', { name: 'Send', exact: true }).click();
  letIn();
  await it.comment(`Sent early ${run}`).waitFor();
  assert.deepEqual(it.errors, []);
});

test('when the rest does not come, one line says so, the text stays, and another try brings it', TIMEOUT, async () => {
  const gone = (route) => route.abort();
  let context;
  const it = await Window.open(browser, '/demo/', {
    prepare: async (given) => {
      context = given;
      await context.route(PART, gone);
    },
  });
  const text = it.thread.getByRole('textbox', { name: 'Your comment' });
  await text.fill(`Still here ${run}`);
  // It is announced as well, a moment later.
  await it.thread.locator('p.error').filter({ hasText: 'This part of the page did not load.' }).waitFor();
  await it.thread.getByRole('button', { name: 'Reply', exact: true }).first().click();
  await it.comments.first().getByText('This part of the page did not load.').waitFor();
  await context.unroute(PART, gone);
  await it.thread.getByRole('button', { name: 'Try again' }).click();
  await it.thread.getByRole('textbox', { name: /^Name/ }).waitFor();
  assert.equal(await text.inputValue(), `Still here ${run}`);
  await it.thread.getByRole('button', { name: 'Send', exact: true }).click();
  await it.comment(`Still here ${run}`).waitFor();
});
