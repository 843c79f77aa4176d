// Two readers, two windows, one article: what one writes reaches the other, and the answer comes back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Window } from './harness.mjs';

// Words of this run alone, so that it may be repeated on the same database.
const run = Date.now().toString(36);
const QUESTION = `Does the margin hold ${run}?`;
const ANSWER = `It holds, and it answers ${run}.`;
const DRAFT = 'half a thought';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test('a comment and its answer travel between two windows, live', { timeout: 120_000 }, async () => {
  const ada = await Window.open(browser, '/demo/');
  const bram = await Window.open(browser, '/demo/');

  // The sample thread: comments, and answers to them.
  for (const { comments } of [ada, bram]) {
    await comments.and(comments.page().getByRole('article', { name: /^Comment by / })).first().waitFor();
    await comments.and(comments.page().getByRole('article', { name: /^Reply by / })).first().waitFor();
  }

  // Ada writes as a guest.
  await ada.thread.getByRole('textbox', { name: 'Your comment' }).fill(`${QUESTION} I *hope* so.`);
  await ada.thread.getByRole('textbox', { name: /^Name/ }).fill('Ada');
  await ada.thread.getByRole('button', { name: 'Send', exact: true }).click();
  const question = ada.comment(QUESTION);
  await question.waitFor();
  assert.match(await question.getAttribute('aria-label'), /^Comment by .?Ada.?, /);
  assert.equal(await question.locator('em').textContent(), 'hope');

  // While she waits, she begins to write again: a page that reloaded would lose it.
  await ada.thread.getByRole('textbox', { name: 'Your comment' }).fill(DRAFT);

  // Bram, who has had the page open all along, is told, and is not moved until he asks.
  const fresh = bram.thread.getByRole('button', { name: /new comment/ });
  await fresh.waitFor();
  assert.equal(await bram.comment(QUESTION).count(), 0);
  await fresh.click();
  const arrived = bram.comment(QUESTION);
  await arrived.waitFor();

  // He answers.
  await arrived.getByRole('button', { name: 'Reply', exact: true }).click();
  await arrived.getByRole('textbox', { name: /^Your reply to .?Ada/ }).fill(ANSWER);
  await arrived.getByRole('textbox', { name: /^Name/ }).fill('Bram');
  await arrived.getByRole('button', { name: 'Send reply' }).click();
  await bram.comment(ANSWER).waitFor();

  // Ada sees it where she is.
  const answer = ada.comment(ANSWER);
  await answer.waitFor();
  assert.match(await answer.getAttribute('aria-label'), /^Reply by .?Bram.? to .?Ada.?, /);
  assert.equal(await ada.thread.getByRole('textbox', { name: 'Your comment' }).inputValue(), DRAFT);
  assert.equal(ada.loads, 1, 'the first window was never reloaded');
  assert.equal(bram.loads, 1, 'nor was the second');

  // What was shown is what was kept, and each still owns their own.
  await ada.page.reload();
  await ada.approach();
  await ada.comment(ANSWER).waitFor();
  await question.getByRole('button', { name: 'Delete' }).waitFor();
  assert.equal(await answer.getByRole('button', { name: 'Delete' }).count(), 0);

  for (const { errors, foreign } of [ada, bram]) {
    assert.deepEqual(errors, [], 'nothing is wrong on the console');
    assert.deepEqual(foreign, [], 'nothing is asked of anyone else');
  }
});
