// What was written and not sent is there again, in the place where it was written.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './harness.mjs';
import { Desk, origin, TIMEOUT } from './writing.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test('a comment, a reply and an edit that were not sent outlive a reload, each in its place', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.write('The comment');
  const comment = it.posted('The comment');
  await comment.getByRole('button', { name: 'Reply' }).click();
  await comment.getByRole('textbox', { name: /^Your reply/ }).fill('Half a reply');
  await comment.getByRole('button', { name: 'Edit' }).click();
  await comment.getByRole('textbox', { name: /edited$/ }).fill('Half an edit');
  await it.text.fill('Half a comment');
  await it.reload();

  assert.equal(await it.text.inputValue(), 'Half a comment');
  await comment.getByRole('button', { name: 'Reply · draft' }).click();
  assert.equal(await comment.getByRole('textbox', { name: /^Your reply/ }).inputValue(), 'Half a reply');
  await comment.getByRole('button', { name: 'Edit · draft' }).click();
  assert.equal(await comment.getByRole('textbox', { name: /edited$/ }).inputValue(), 'Half an edit');

  // Another thread has drafts of its own, and what is sent is no draft any more.
  const other = await Desk.at(browser);
  await other.ready();
  assert.equal(await other.text.inputValue(), '');
  await comment.getByRole('button', { name: 'Save' }).click();
  await it.posted('Half an edit').waitFor();
  await it.send.click();
  await it.posted('Half a comment').waitFor();
  await it.reload();
  assert.equal(await it.text.inputValue(), '');
  assert.equal(await it.comment('Half an edit').getByRole('button', { name: 'Edit', exact: true }).count(), 1);
  assert.deepEqual(it.errors, []);
});

test('a reply that is put away keeps its text; an edit that is cancelled does not', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  await it.write('As it was');
  const comment = it.posted('As it was');
  await comment.getByRole('button', { name: 'Reply' }).click();
  await comment.getByRole('textbox').first().fill('Not yet');
  await comment.getByRole('button', { name: 'Cancel' }).click();
  assert.match(await it.focused(), /^Reply/);
  await comment.getByRole('button', { name: 'Reply · draft' }).waitFor();
  await comment.getByRole('button', { name: 'Edit' }).click();
  await comment.getByRole('textbox').fill('Something else');
  await comment.getByRole('button', { name: 'Cancel' }).click();
  await comment.getByRole('button', { name: 'Edit', exact: true }).click();
  assert.equal(await comment.getByRole('textbox').inputValue(), 'As it was');
});

test('two windows write in the same place, and each keeps its own', TIMEOUT, async () => {
  const one = await Desk.at(browser);
  const other = await one.beside();
  await one.ready();
  await other.ready();
  await one.text.fill('From the one');
  await other.text.fill('From the other');
  await one.reload();
  assert.equal(await one.text.inputValue(), 'From the one');
  await other.reload();
  assert.equal(await other.text.inputValue(), 'From the other');
  await one.send.click();
  await one.posted('From the one').waitFor();
  await other.send.click();
  await other.posted('From the other').waitFor();
  assert.deepEqual([await one.kept('From the one'), await one.kept('From the other')], [1, 1]);
  assert.deepEqual(one.errors, []);
});

test('drafts are few, and go when their time is over', TIMEOUT, async () => {
  const it = await Desk.at(browser, {
    prepare: (context) =>
      context.addInitScript(() => {
        if (localStorage.length) return;
        const old = { id: 'x', text: 'long ago', at: Date.now() - 31 * 86_400_000 };
        localStorage.setItem('postil-draft:elsewhere:root', JSON.stringify(old));
        localStorage.setItem('postil-draft:broken', '{');
        for (let i = 0; i < 30; i += 1) localStorage.setItem(`postil-draft:${i}`, JSON.stringify({ ...old, at: Date.now() - i }));
        localStorage.setItem('theirs', 'kept');
      }),
  });
  await it.ready();
  await it.text.fill('Mine');
  const keys = await it.page.evaluate(() => Object.keys(localStorage).sort());
  assert.equal(keys.filter((key) => key.startsWith('postil-draft:')).length, 20);
  assert.ok(keys.includes('theirs') && keys.includes('postil-draft:0') && !keys.includes('postil-draft:elsewhere:root') && !keys.includes('postil-draft:broken'));
});

for (const [what, spoil] of [
  ['refused', () => Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('no', 'SecurityError'); } })],
  ['full', () => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }],
]) {
  test(`where storage is ${what}, writing works, and a reply is kept while the page lives`, TIMEOUT, async () => {
    const it = await Desk.at(browser, { prepare: (context) => context.addInitScript(spoil) });
    await it.text.fill('Without storage');
    await it.name.fill('Ada');
    await it.thread.getByRole('checkbox', { name: 'Remember me on this device' }).check();
    await it.send.click();
    const comment = it.posted('Without storage');
    await comment.getByRole('button', { name: 'Reply' }).click();
    await comment.getByRole('textbox').first().fill('Half a reply');
    await comment.getByRole('textbox').first().press('Escape');
    await comment.getByRole('button', { name: 'Reply · draft' }).click();
    assert.equal(await comment.getByRole('textbox').first().inputValue(), 'Half a reply');
    await comment.getByRole('button', { name: 'Delete' }).click();
    await comment.getByRole('button', { name: 'Undo' }).click();
    assert.deepEqual(it.errors, []);
  });
}

test('a name is asked for once, remembered only on request, and forgotten when that is taken back', TIMEOUT, async () => {
  const it = await Desk.at(browser);
  const kept = () => it.page.evaluate(() => JSON.parse(localStorage.getItem(Object.keys(localStorage).find((key) => key.startsWith('postil-author:')))));
  await it.text.fill('By Ada');
  await it.name.fill('Ada');
  await it.thread.getByRole('textbox', { name: /^E-mail \(/ }).fill('ada@example.org');
  await it.send.click();
  await it.posted('By Ada').waitFor();
  assert.equal(await kept(), null);

  // The service knows her name by now; the address it does not tell.
  await it.text.fill('By Ada again');
  await it.thread.getByText('Writing as').waitFor();
  await it.thread.getByRole('button', { name: 'Change' }).click();
  const remember = it.thread.getByRole('checkbox', { name: 'Remember me on this device' });
  await remember.check();
  await it.send.click();
  await it.posted('By Ada again').waitFor();
  assert.deepEqual(await kept(), { name: 'Ada', website: '', email: 'ada@example.org' });
  await it.reload();
  await it.text.focus();
  await it.thread.getByRole('button', { name: 'Change' }).click();
  assert.equal(await it.thread.getByRole('textbox', { name: /^E-mail \(/ }).inputValue(), 'ada@example.org');
  await remember.uncheck();
  assert.equal(await kept(), null);
  assert.deepEqual(it.errors, []);
});

test('only what the site needs is asked for', TIMEOUT, async () => {
  const it = await Desk.at(browser, {
    prepare: (context) =>
      context.route(`${origin}/v1/threads?*`, async (route) => {
        const response = await route.fetch();
        const page = await response.json();
        page.policy.fields = { name: 'required', email: 'hidden', website: 'hidden' };
        await route.fulfill({ response, json: page });
      }),
  });
  await it.text.fill('Nameless');
  await it.name.waitFor();
  assert.equal(await it.thread.locator('.write').getByRole('textbox').count(), 2);
  await it.send.click();
  await it.thread.locator('.error').filter({ hasText: 'Please fill this in.' }).waitFor();
  assert.equal(await it.focused(), 'Name');
});
