// Whose words a note quotes: the page's own are shown to everybody, and what only one reader says stands there to that reader and
// to moderators. The service asks the publisher's pages, so this one is a publisher that it may call.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Window } from './harness.mjs';
import { administer, Publisher, run } from './publisher.mjs';

const TIMEOUT = { timeout: 90_000 };
let browser;
let publisher;
let site;

before(async () => {
  browser = await launch();
  publisher = await Publisher.open();
  site = await publisher.site({ policy: { quotations: 'found' } });
});
after(async () => {
  await browser?.close();
  await publisher?.close();
});

const page = () =>
  publisher.page(`<article><h1>On margins</h1><p id="own">The margin is where a text finds out whether it was understood.</p><p id="made"></p></article>
    <script>document.querySelector('#made').textContent = 'The editor drank.'</script><postil-thread site="${site}"></postil-thread>`);

const visit = (url) => Window.open(browser, url);

/** Remarks on all the words of a paragraph, as a reader does. */
async function remark(it, id, text) {
  const { page } = it;
  await page.evaluate((id) => {
    const { firstChild } = document.getElementById(id);
    getSelection().setBaseAndExtent(firstChild, 0, firstChild, firstChild.length);
  }, id);
  await page.getByRole('button', { name: 'Comment on this' }).click();
  const card = page.locator('.card');
  await card.getByRole('textbox').first().fill(text);
  await card.getByRole('button', { name: 'Send', exact: true }).click();
  await card.getByText(text).waitFor();
  await page.keyboard.press('Escape');
}

test('words of the page are shown to all, and words that a script made to whoever quotes them', TIMEOUT, async () => {
  const url = page();
  const it = await visit(url);
  await remark(it, 'own', `Well said ${run}`);
  await remark(it, 'made', `Really ${run}`);
  await it.approach();
  const own = it.comment('Really').locator('blockquote').first();
  await own.getByText('“The editor drank.”').waitFor();
  await own.getByText('Not found on the page yet: only you and the moderators read these words.').waitFor();

  const other = await visit(url);
  const quoted = (words) => other.comment(words).locator('blockquote').first();
  await quoted('Well said').getByText('“The margin is where a text finds out').waitFor();
  await quoted('Really').getByText('A remark on the text').waitFor();
  assert.equal(await other.page.locator('postil-thread').evaluate((block) => block.shadowRoot.textContent.includes('drank')), false);

  // A moderator has read the words; then their publisher takes them back.
  const { items } = await administer('GET', `moderation/comments?site=${site}&status=published`);
  const found = items.find(({ body }) => body.startsWith('Really'));
  assert.equal(found.passage.quote, 'The editor drank.');
  await administer('POST', 'moderation/actions', { action: 'approve', ids: [found.id] });
  await quoted('Really').getByText('“The editor drank.”').waitFor();
  await administer('PATCH', `passages/${found.passage_id}`, { struck: true });
  await quoted('Really').getByText('Removed by the publisher').waitFor();
  await it.comment('Really').locator('blockquote').first().getByText('Removed by the publisher').waitFor();
  assert.deepEqual([...it.errors, ...other.errors].filter((error) => !error.includes('404')), []);
});

test('words that are in the text no more are told as what it said then', TIMEOUT, async () => {
  const url = page();
  const it = await visit(url);
  await remark(it, 'own', `Once ${run}`);
  await it.page.waitForFunction(() => CSS.highlights.get('postil-note')?.size === 1);
  const { items } = await administer('GET', `moderation/comments?site=${site}&status=published`);
  const { thread_id: thread } = items.find(({ body }) => body.startsWith('Once'));
  // The page has answered when it has its title.
  const named = async () => (await administer('GET', `threads?site=${site}&url=${encodeURIComponent(url)}`)).thread.title === 'A page';
  while (!(await named()));
  assert.ok(thread);
  publisher.edit(url, `<article><p>Nothing of it is left.</p></article><postil-thread site="${site}"></postil-thread>`);
  const again = await visit(url);
  const quote = again.comment('Once').locator('blockquote').first();
  await quote.getByText('The text said then:').waitFor();
  assert.match(await quote.innerText(), /The text said then:\s*“The margin is where/);
});
