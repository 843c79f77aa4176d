// What is written is never lost, whatever becomes of it on its way.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './harness.mjs';
import { administer, comment } from './publisher.mjs';
import { Desk, origin, problem, TIMEOUT } from './writing.mjs';

const POSTS = `${origin}/v1/comments`;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Answers the first comment sent with this, and lets the next ones through. */
async function refusing(answer) {
  const it = await Desk.at(browser);
  await it.ready();
  await it.context.route(POSTS, (route) => (typeof answer === 'function' ? answer(route) : route.fulfill(answer)), { times: 1 });
  return it;
}

/** Writes these words and waits for what is said of them; they are in the form again, and not among the comments. */
async function refused(it, words, said) {
  await it.text.fill(words);
  await it.send.click();
  await it.thread.locator('.write .error').filter({ hasText: said }).waitFor();
  assert.equal(await it.text.inputValue(), words);
  assert.equal(await it.comments.count(), 0);
}

async function sendAgain(it, words) {
  await it.send.click();
  await it.posted(words).waitFor();
  assert.equal(await it.text.inputValue(), '');
  assert.equal(await it.kept(words), 1);
}

test('a comment is on show while it is being sent', TIMEOUT, async () => {
  let letIn;
  const gate = new Promise((open) => (letIn = open));
  const it = await refusing(async (route) => (await gate, route.continue()));
  await it.text.fill('On its way\n\n<b>not bold</b>');
  await it.send.click();
  const shadow = it.thread.locator('article[aria-busy]');
  await shadow.getByText('Sending…').waitFor();
  await shadow.getByText('<b>not bold</b>').waitFor();
  assert.equal(await it.text.inputValue(), '');
  assert.equal(await shadow.getByRole('button').count(), 0);
  letIn();
  await it.posted('On its way').waitFor();
  assert.equal(await it.comments.count(), 1);
  assert.match(await it.focused(), /^Comment by /);
  await it.thread.getByRole('status').filter({ hasText: 'Your comment is published.' }).waitFor({ state: 'attached' });
  assert.deepEqual(it.errors, []);
});

test('too fast: the time to wait is counted down, then sending works again', TIMEOUT, async () => {
  const it = await refusing(problem(429, 'rate_limited', { retryAfter: 3 }));
  await refused(it, 'A little fast', 'Please try again in 3 s.');
  await it.thread.locator('.error').filter({ hasText: 'Please try again in 1 s.' }).waitFor();
  assert.equal(await it.send.getAttribute('aria-disabled'), 'true');
  await it.thread.locator('.write .error').filter({ hasText: 'You can send it now.' }).waitFor();
  assert.equal(await it.send.getAttribute('aria-disabled'), null);
  await sendAgain(it, 'A little fast');
});

test('a busy service that names a time is waited for; one that does not may be tried at once', TIMEOUT, async () => {
  const it = await refusing(problem(503, 'unavailable', { retryAfter: 2 }));
  await refused(it, 'Busy', 'The service is busy. Please try again in 2 s.');
  await it.thread.locator('.write .error').filter({ hasText: 'You can send it now.' }).waitFor();
  await it.context.route(POSTS, (route) => route.fulfill({ status: 502, body: '<html>Bad gateway' }), { times: 1 });
  await refused(it, 'Busy', 'The service cannot take this just now.');
  await sendAgain(it, 'Busy');
});

test('offline and back', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.ready();
  await it.context.setOffline(true);
  await refused(it, 'In a tunnel', 'the service cannot be reached. Nothing is lost');
  await it.context.setOffline(false);
  await it.thread.locator('.write .error').filter({ hasText: 'You can send it now.' }).waitFor();
  await sendAgain(it, 'In a tunnel');
});

for (const [how, deaf] of [
  ['as it learns from the refusal', true],
  ['as it hears', false],
]) {
  test(`closed meanwhile, ${how}: the text stays where it can be read and copied`, TIMEOUT, async () => {
    const it = await Desk.at(browser, {
      prepare: async (context) => deaf && (await context.route(/\/(events|changes)\?/, (route) => route.abort())),
    });
    await it.write('In time');
    await it.text.fill('Too late');
    await administer('PUT', 'moderation/threads', { site: 'demo', url: `${origin}${it.path}`, state: 'closed' });
    if (!deaf) await it.thread.getByText('Comments on this page are closed.').waitFor();
    await it.send.click();
    await it.thread.locator('.write .error').filter({ hasText: 'The comments were closed meanwhile' }).waitFor();
    await it.thread.getByText('Comments on this page are closed.').waitFor();
    assert.equal(await it.text.inputValue(), 'Too late');
    assert.equal(await it.text.isVisible(), true);
    assert.equal(await it.comments.count(), 1);
  });
}

test('a field that is refused says so and has the focus, also where it was not on show', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.text.fill('First');
  await it.name.fill('Ada');
  await it.send.click();
  await it.posted('First').waitFor();
  const errors = [{ pointer: '/author/name', code: 'name_reserved', detail: 'This name is taken.' }];
  await it.context.route(POSTS, (route) => route.fulfill(problem(422, 'name_reserved', { errors })), { times: 1 });
  await it.text.fill('Second');
  await it.thread.getByText('Writing as').waitFor();
  await it.send.click();
  await it.thread.locator('.error').filter({ hasText: 'This name is kept for the people of this site.' }).waitFor();
  assert.match(await it.focused(), /^Name/);
  assert.equal(await it.name.getAttribute('aria-invalid'), 'true');
  assert.equal(await it.text.inputValue(), 'Second');
  await it.name.fill('Ada L.');
  await sendAgain(it, 'Second');
});

test('an answer that is lost does not double the comment, not even after a reload', TIMEOUT, async () => {
  const it = await refusing(async (route) => {
    await route.fetch();
    await route.abort();
  });
  await it.text.fill('Only once');
  await it.send.click();
  await it.thread.locator('.write .error').filter({ hasText: 'cannot be reached' }).waitFor();
  assert.equal(await it.text.inputValue(), 'Only once');
  await it.reload();
  assert.equal(await it.text.inputValue(), 'Only once');
  await it.send.click();
  await it.thread.getByRole('status').filter({ hasText: 'Your comment is published.' }).waitFor({ state: 'attached' });
  assert.equal(await it.kept('Only once'), 1);
  assert.equal(await it.posted('Only once').count(), 1);
});

test('a tab that is closed while it sends has kept the text', TIMEOUT, async () => {
  const it = await refusing(() => {});
  await it.text.fill('Hanging');
  await it.send.click();
  await it.thread.locator('article[aria-busy]').waitFor();
  const again = await it.beside();
  await it.page.close();
  await again.ready();
  assert.equal(await again.text.inputValue(), 'Hanging');
});

test('a session that has expired is renewed, and the comment is sent', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.write('First');
  await it.context.route(POSTS, (route) => route.fulfill(problem(401, 'token_expired')), { times: 1 });
  const renewed = it.page.waitForRequest(`${origin}/v1/identity/refresh`);
  await it.write('After the break');
  await renewed;
  await it.posted('After the break').getByRole('button', { name: 'Edit' }).waitFor();
  assert.equal(await it.kept('After the break'), 1);
});

test('a reply that is refused is in its form again', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.write('The comment');
  await it.context.route(POSTS, (route) => route.fulfill(problem(500, 'internal', { detail: 'Something broke.' })), { times: 1 });
  const comment = it.posted('The comment');
  await comment.getByRole('button', { name: 'Reply' }).click();
  const reply = comment.getByRole('textbox', { name: /^Your reply/ });
  await reply.fill('The reply');
  await comment.getByRole('button', { name: 'Send reply' }).click();
  await comment.locator('.error').filter({ hasText: 'Something broke.' }).waitFor();
  assert.equal(await reply.inputValue(), 'The reply');
  await comment.getByRole('button', { name: 'Send reply' }).click();
  await it.posted('The reply').waitFor();
  assert.equal(await it.comments.count(), 2);
  assert.equal(await reply.count(), 0);
});

test('ten thousand words are counted, refused and kept; a word of five thousand letters fits', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  const novel = 'word '.repeat(10_000).trim();
  await it.text.fill(novel);
  await it.thread.locator('.left').filter({ hasText: '39,999 over the limit' }).waitFor();
  await it.send.click();
  await it.thread.locator('.error').filter({ hasText: 'Please shorten this to 10,000 characters.' }).waitFor();
  assert.equal(await it.focused(), 'Your comment');
  await it.reload();
  assert.equal(await it.text.inputValue(), novel);
  const word = 'a'.repeat(5000);
  await it.page.setViewportSize({ width: 320, height: 800 });
  await it.text.fill(word);
  await it.send.click();
  await it.posted(word).waitFor();
  const wide = await it.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, 'nothing has to be scrolled sideways');
  assert.deepEqual(it.errors, []);
});

test('a vote counts at once, and a vote that is refused is taken back', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await comment('demo', `${origin}${it.path}`, 'By another');
  await it.reload();
  const other = it.posted('By another');
  let letIn;
  const gate = new Promise((open) => (letIn = open));
  await it.context.route(`${origin}/v1/comments/*/vote`, async (route) => (await gate, route.fulfill(problem(429, 'rate_limited', { retryAfter: 7 }))), { times: 1 });
  await other.getByRole('button', { name: 'Vote up, 0' }).click();
  await other.getByRole('button', { name: 'Vote up, 1', pressed: true }).waitFor();
  letIn();
  await other.getByRole('button', { name: 'Vote up, 0', pressed: false }).waitFor();
  await other.locator('.error').filter({ hasText: 'Please try again in 7 s.' }).waitFor();
  await other.getByRole('button', { name: 'Vote down, 0' }).click();
  await other.getByRole('button', { name: 'Vote down, 1', pressed: true }).waitFor();
  await it.reload();
  await other.getByRole('button', { name: 'Vote down, 1', pressed: true }).waitFor();
});

test('a refusal is said in the language of the block, with its numbers, and what nobody foresaw in the service\'s words', TIMEOUT, async () => {
  const it = await Desk.at(browser, { attributes: 'locale="de"' });
  const block = it.page.locator('postil-thread');
  const text = block.locator('.write textarea');
  await text.fill('Kurz');
  const params = { min: 20, length: 4 };
  const errors = [{ pointer: '/body', code: 'comment_too_short', detail: 'A comment must have more.', params }];
  const answer = problem(422, 'comment_too_short', { errors });
  await it.context.route(POSTS, (route) => route.fulfill(answer), { times: 1 });
  await block.locator('.write .send').click();
  await block.locator('.write .error').filter({ hasText: 'Bitte schreiben Sie mindestens 20 Zeichen.' }).waitFor();
  assert.equal(await text.inputValue(), 'Kurz');
  await it.context.route(POSTS, (route) => route.fulfill(problem(422, 'odd', { detail: 'Odd.' })), { times: 1 });
  await block.locator('.write .send').click();
  await block.locator('.write .error').filter({ hasText: 'Odd.' }).waitFor();
});

test('the words of refusals do not come: the service\'s own are shown', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.ready();
  await it.context.route('**/postil/refuse-*.js', (route) => route.abort());
  await it.context.route(POSTS, (route) => route.fulfill(problem(403, 'banned', { detail: 'Not from you.' })), { times: 1 });
  await refused(it, 'Hello', 'Not from you.');
  await sendAgain(it, 'Hello');
});
