// Signing in by mail: no link signs anybody in unasked in a browser that did not ask for it, and who was a guest is the guest again.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { launch, Window } from './harness.mjs';
import { letter } from './letters.mjs';
import { administer, Publisher, run } from './publisher.mjs';
import { Desk, origin } from './writing.mjs';

const TIMEOUT = { timeout: 90_000 };
let browser;
let publisher;
let people = 0;
before(async () => {
  browser = await launch();
  publisher = await Publisher.open();
});
after(async () => {
  await browser?.close();
  await publisher?.close();
});

/** A page of a site of its own, and somebody before it; `asked` is what their browser said to the service about who they are. */
async function visit(policy, { prepare } = {}) {
  const site = await publisher.site({ policy });
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`);
  const asked = [];
  let context;
  const it = await Window.open(browser, url, {
    prepare: async (given) => {
      context = given;
      context.on('request', (request) => {
        const [, what] = /\/v1\/identity\/(.*)$/.exec(request.url()) ?? [];
        if (what && request.method() === 'POST') asked.push(what);
      });
      await prepare?.(context);
    },
  });
  const desk = Object.assign(Object.setPrototypeOf(it, Desk.prototype), { context, site, url, asked, path: new URL(url).pathname });
  desk.group = desk.thread.getByRole('group', { name: /^Sign in as/ });
  desk.offer = desk.thread.getByRole('group', { name: /^Before you signed in/ });
  desk.press = (name, where = desk.thread) => where.getByRole('button', { name, exact: true }).click();
  return desk;
}

const somebody = () => `e${(people += 1)}-${run}@example.org`;

/** Follows the link of a letter in no browser at all: where it leads back to. */
async function follow(link) {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(link, { method: 'POST', headers, body: '', redirect: 'manual' });
  assert.equal(answer.status, 303);
  return answer.headers.get('location');
}

/** Somebody else asks for a letter to themselves: the link that they send around. */
async function foreign({ site, url }, email = somebody()) {
  const headers = { 'Content-Type': 'application/json' };
  const asked = await fetch(`${origin}/v1/identity/email`, { method: 'POST', headers, body: JSON.stringify({ site, email, url }) });
  assert.equal(asked.status, 202);
  return follow((await letter(email, 'sign-in')).link);
}

/** Opens a link as from a letter: the page is loaded anew. */
async function open(it, address) {
  await it.page.goto('about:blank');
  await it.page.goto(address);
  await it.approach();
}

const kept = (it) => it.page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith('postil:http')).map(([key, value]) => [key, JSON.parse(value)]));
const authors = async ({ site, url }) => {
  const answer = await fetch(`${origin}/v1/threads?${new URLSearchParams({ site, url })}`);
  return (await answer.json()).comments.items.map(({ author }) => author.id);
};

/** Changes a comment of one's own. */
async function edit(it, words, better) {
  const comment = it.posted(words);
  await comment.getByRole('button', { name: 'Edit' }).click();
  const text = comment.getByRole('textbox', { name: 'Your comment, edited' });
  await text.fill(better);
  await comment.getByRole('button', { name: 'Save' }).click();
  await it.posted(better).waitFor();
  await text.waitFor({ state: 'detached' });
}

for (const [how, go] of [
  ['loaded anew', open],
  ['while the page is open', (it, address) => it.page.goto(address)],
]) {
  test(`a foreign link redeems nothing, and a guest stays who they are (${how})`, TIMEOUT, async () => {
    const it = await visit();
    await it.write('A guest wrote this');
    const guest = await kept(it);
    await go(it, await foreign(it));
    await it.group.waitFor();
    assert.match(await it.group.getAttribute('aria-labelledby'), /./);
    assert.equal(await it.group.evaluate((group) => group.matches(':focus')), true);
    await it.group.getByText('Nobody asked for this in this browser.').waitFor();
    await it.group.getByText('You are here as \u2068Guest\u2069 now. Signing in changes that.').waitFor();
    assert.equal(it.page.url(), it.url);
    assert.ok(!it.asked.includes('email/verify'), it.asked.join());
    assert.deepEqual(await kept(it), guest);
    await edit(it, 'A guest wrote this', 'The guest wrote that');
    assert.equal(await it.group.count(), 1);
    await it.press('Stay as I am');
    await it.group.waitFor({ state: 'detached' });
    assert.equal(await it.focused(), 'What do you think?');
    await it.write('And this');
    assert.ok(!it.asked.includes('email/verify'), it.asked.join());
    assert.deepEqual(await kept(it), guest);
    assert.deepEqual(it.errors, []);
  });
}

test('its button signs in, and offers what the guest wrote; taken along, there is no guest to be again', TIMEOUT, async () => {
  const it = await visit();
  await it.write('Mine before');
  const [guest] = await authors(it);
  await open(it, await foreign(it));
  await it.press('Sign in', it.group);
  await it.offer.waitFor();
  assert.equal(await it.offer.evaluate((group) => group.matches(':focus')), true);
  assert.equal(await it.group.count(), 0);
  assert.deepEqual(await authors(it), [guest]);
  // What a guest wrote is not the reader's before they say so.
  assert.equal(await it.posted('Mine before').getByRole('button', { name: 'Edit' }).count(), 0);
  await it.press('Take it along');
  await it.offer.waitFor({ state: 'detached' });
  const [member] = await authors(it);
  assert.notEqual(member, guest);
  await edit(it, 'Mine before', 'Mine as well now');
  await it.press('Sign out');
  await it.thread.getByText('You are signed out.').waitFor({ state: 'attached' });
  assert.deepEqual(await kept(it), []);
  assert.equal(await it.posted('Mine as well now').getByRole('button', { name: 'Edit' }).count(), 0);
  assert.deepEqual(it.errors, []);
});

test('who signs out, or is signed out, is the guest again', TIMEOUT, async () => {
  const it = await visit();
  await it.write('By the guest');
  await open(it, await foreign(it));
  await it.press('Sign in', it.group);
  await it.press('Not now', it.offer);
  await it.write('By the member');
  await it.posted('By the member').getByRole('button', { name: 'Edit' }).waitFor();
  // Once declined, it is not asked at every visit.
  await it.reload();
  await it.thread.getByText('You are signed in.').waitFor();
  assert.equal(await it.offer.count(), 0);
  const beside = await it.beside();
  await beside.page.goto(it.url);
  await beside.ready();
  await beside.thread.getByText('You are signed in.').waitFor();
  await it.press('Sign out');
  // In both tabs.
  for (const tab of [it, beside]) {
    await tab.thread.getByText('You are signed in.').waitFor({ state: 'detached' });
    await edit(tab, 'By the guest', 'By the guest');
    assert.equal(await tab.posted('By the member').getByRole('button', { name: 'Edit' }).count(), 0);
  }
  assert.deepEqual(it.errors, []);
});

test('a session that is over costs the reader one try, never a comment in the guest’s name', TIMEOUT, async () => {
  const it = await visit();
  await it.write('By the guest');
  await open(it, await foreign(it));
  await it.press('Sign in', it.group);
  await it.press('Not now', it.offer);
  await it.ready();
  const member = (await kept(it)).find(([key]) => key.endsWith(':in'))[1];
  // Signed out everywhere, on another device.
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${member.token}` };
  await fetch(`${origin}/v1/identity/signout`, { method: 'POST', headers, body: '{"everywhere":true}' });
  await it.text.fill('Whose is this?');
  await it.send.click();
  await it.thread.getByText('You are signed in.').waitFor({ state: 'detached' });
  assert.equal((await authors(it)).length, 1);
  assert.equal(await it.text.inputValue(), 'Whose is this?');
  await it.send.click();
  await it.posted('Whose is this?').waitFor();
  const [one, other] = await authors(it);
  assert.equal(one, other);
});

test('in the browser that asked, the link signs in without a question, and so does the code', TIMEOUT, async () => {
  const it = await visit();
  await it.write('By the guest');
  await administer('PATCH', `sites/${it.site}`, { policy: { guests: false, email_sign_in: true } });
  await it.page.reload();
  await it.approach();
  const ask = async (n) => {
    await it.press('By e-mail');
    const to = it.to ?? (it.to = somebody());
    await it.thread.locator('.enter').getByRole('textbox', { name: 'E-mail' }).fill(to);
    await it.press('Send me a code');
    const code = it.thread.getByRole('textbox', { name: 'Code from the letter' });
    await code.waitFor();
    assert.deepEqual([await code.getAttribute('autocomplete'), await code.getAttribute('inputmode')], ['one-time-code', 'numeric']);
    assert.equal(await code.evaluate((input) => input.matches(':focus')), true);
    return { code, ...(await letter(to, 'sign-in', n)) };
  };
  const { link } = await ask(1);
  const back = await follow(link);
  await open(it, back);
  await it.thread.getByText('You are signed in.', { exact: true }).first().waitFor();
  assert.equal(await it.group.count(), 0);
  assert.equal(it.page.url(), it.url);
  await it.press('Not now', it.offer);
  assert.equal(await it.page.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith('postil-asked'))), false);
  await it.press('Sign out');

  const { code, text } = await ask(2);
  const digits = /\d{3}\s\d{3}/.exec(Buffer.from(text, 'latin1').toString('utf8'))[0];
  await code.fill(` ${digits} `);
  await it.press('Sign in', it.thread.locator('.enter form'));
  await it.offer.waitFor();
  await it.press('Take it along');
  await it.posted('By the guest').getByRole('button', { name: 'Edit' }).waitFor();
  assert.deepEqual(it.errors, []);
});

test('who is signed in is told so before a link makes them somebody else', TIMEOUT, async () => {
  const it = await visit();
  await it.text.waitFor();
  await open(it, await foreign(it));
  await it.press('Sign in', it.group);
  await it.thread.getByText('You are signed in.', { exact: true }).first().waitFor();
  const first = await kept(it);
  await open(it, await foreign(it));
  await it.group.getByText('You are signed in. Signing in changes that.').waitFor();
  assert.deepEqual(await kept(it), first);
  await it.press('Sign in', it.group);
  await it.group.waitFor({ state: 'detached' });
  const [[, second]] = await kept(it);
  assert.notEqual(second.person.id, first[0][1].person.id);
  // Whoever is nobody yet is asked too, and is told of no change.
  const other = await visit();
  await open(other, await foreign(other));
  await other.group.waitFor();
  assert.equal(await other.group.getByText('Signing in changes that.').count(), 0);
  assert.ok(!other.asked.includes('email/verify'));
});

test('whom the page vouches for is offered what they wrote as a guest, and signs it', TIMEOUT, async () => {
  const it = await visit();
  await it.write('Before I had an account');
  const secret = 'what the page and the service know';
  await administer('PATCH', `sites/${it.site}`, { sso: { audience: 'postil', hs256_secret: secret } });
  const b64 = (data) => Buffer.from(data).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const message = `${b64('{"alg":"HS256","typ":"JWT"}')}.${b64(JSON.stringify({ aud: 'postil', sub: run, name: 'Ada', iat: now, exp: now + 600 }))}`;
  const jwt = `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
  await it.context.route(`${publisher.origin}/who`, (route) => route.fulfill({ body: jwt }));
  publisher.edit(it.url, `<postil-thread site="${it.site}" sso="/who"></postil-thread>`);
  await it.page.reload();
  await it.approach();
  await it.press('Take it along', it.offer);
  await it.comment('Before I had an account').getByText('Ada', { exact: true }).waitFor();
  await edit(it, 'Before I had an account', 'Now that I have one');
  assert.equal(await it.thread.getByRole('button', { name: 'Sign out' }).count(), 0);
  assert.deepEqual(it.errors, []);
});

test('where storage is refused every link is asked about, and the guest lasts as long as the page', TIMEOUT, async () => {
  const it = await visit(undefined, {
    prepare: (context) =>
      context.addInitScript(() => {
        Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('refused', 'SecurityError'); } });
      }),
  });
  await it.write('By the guest');
  await it.page.goto(await foreign(it));
  await it.press('Sign in', it.group);
  await it.press('Not now', it.offer);
  await it.press('Sign out');
  await edit(it, 'By the guest', 'Still by the guest');
  assert.deepEqual(it.errors, []);
});

test('the code leaves the address also while the service is away, and is asked about when it is back', TIMEOUT, async () => {
  const it = await visit();
  await it.text.waitFor();
  const address = await foreign(it);
  await it.context.route(`${origin}/v1/threads?*`, (route) => route.abort());
  await open(it, address);
  await it.page.locator('postil-thread .outage').waitFor();
  assert.equal(it.page.url(), it.url);
  await it.context.unroute(`${origin}/v1/threads?*`);
  await it.page.getByRole('button', { name: 'Try again' }).click();
  await it.group.waitFor();
  assert.ok(!it.asked.includes('email/verify'));
});
