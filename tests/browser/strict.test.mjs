// Pages of another origin that allow little or break much, and a service that answers badly.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, serviceUrl, Window } from './harness.mjs';
import { comment, Publisher, run } from './publisher.mjs';

const TIMEOUT = { timeout: 60_000 };
const { origin } = serviceUrl();

let browser;
let publisher;
let site;
before(async () => {
  browser = await launch();
  publisher = await Publisher.open();
  site = await publisher.site();
});
after(async () => {
  await browser?.close();
  await publisher?.close();
});

const visit = (url, options) => Window.open(browser, url, options);

async function write(it, text) {
  await it.thread.getByRole('textbox', { name: 'Your comment' }).fill(text);
  await it.thread.getByRole('button', { name: 'Send', exact: true }).click();
  await it.comment(text).waitFor();
}

async function reply(it, to, text) {
  await it.comment(to).first().getByRole('button', { name: 'Reply', exact: true }).click();
  await it.comment(to).first().getByRole('textbox', { name: /^Your reply/ }).fill(text);
  await it.comment(to).first().getByRole('button', { name: 'Send reply' }).click();
  await it.comment(text).waitFor();
}

test('a page of another origin whose policy allows no inline style, no frame and no other host', TIMEOUT, async () => {
  const policy = `default-src 'none'; script-src ${origin}; connect-src ${origin}; style-src 'none'; img-src data:; base-uri 'none'; form-action 'none';
    frame-src 'none'; require-trusted-types-for 'script'`.replace(/\s+/g, ' ');
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread><postil-count></postil-count>`, { headers: { 'Content-Security-Policy': policy } });
  const it = await visit(url);
  await write(it, `Strictly speaking ${run}`);
  await reply(it, 'Strictly', `And replying ${run}`);
  await it.page.locator('postil-count').filter({ hasText: '0 comments' }).waitFor();
  // Styled all the same.
  assert.equal(await it.thread.locator('.avatar').first().evaluate((face) => getComputedStyle(face).borderRadius), '50%');
  // Nor does the element put a style attribute anywhere.
  assert.equal(await it.thread.locator('[style]').count(), 0);
  assert.deepEqual(it.errors, []);
  assert.deepEqual(it.foreign.filter((address) => new URL(address).origin !== publisher.origin), []);
});

// Broken for the widget alone: the browser's driver uses these methods in the page, too.
const BROKEN = `
  const breaking = (name, whole) => function (...given) {
    if (new Error().stack.includes('/postil')) throw new Error(name + ' is not what it was');
    return Reflect.apply(whole, this, given);
  };
  for (const name of Object.getOwnPropertyNames(Array.prototype)) {
    const whole = Array.prototype[name];
    if (name !== 'constructor' && typeof whole === 'function') Array.prototype[name] = breaking('Array.prototype.' + name, whole);
  }
  for (const name of ['from', 'of']) Array[name] = breaking('Array.' + name, Array[name]);`;
// What old libraries added, where every loop and every JSON finds it.
const ADDED = `
  Array.prototype.toJSON = function () { return 'an array'; };
  Object.prototype['count.one'] = Object.prototype.count = Object.prototype.heading = function () {};
  Array.prototype.extra = function () {};`;

for (const [what, script, when] of [
  ['replaces every method of arrays before the script', BROKEN, 'before'],
  ['replaces every method of arrays after the script', BROKEN, 'after'],
  ['adds to the prototypes of arrays and objects', ADDED, 'before'],
]) {
  test(`a page that ${what} has a block that reads and writes`, TIMEOUT, async () => {
    const policy = { fields: { name: 'required', email: 'optional', website: 'optional' } };
    const own = await publisher.site({ policy });
    const late = '<script type="module">await customElements.whenDefined("postil-thread"); ';
    const markup = `<postil-thread site="${own}"></postil-thread><p><postil-count></postil-count></p>${when === 'after' ? `${late}${script}</script>` : ''}`;
    const url = publisher.page(markup, { head: when === 'before' ? `<script>${script}</script>` : '' });
    await comment(own, url, `Here before ${run}`);
    const it = await visit(url);
    await it.comment('Here before').waitFor();
    await it.page.locator('postil-count').filter({ hasText: '1 comment' }).waitFor();
    await it.thread.getByRole('textbox', { name: 'Your comment' }).focus();
    await it.thread.getByRole('textbox', { name: /^Name/ }).fill('Grace Hopper');
    await write(it, `All the same ${run}`);
    await reply(it, 'Here before', `Also replying ${run}`);
    const first = it.comment('Here before').first();
    await first.getByRole('button', { name: 'Vote up, 0' }).click();
    await first.getByRole('button', { name: 'Vote up, 1' }).waitFor();
    await first.getByRole('button', { name: 'React', exact: true }).click();
    await first.getByRole('group', { name: 'Reactions' }).getByRole('button').first().click();
    await first.getByRole('group', { name: 'Reactions' }).getByRole('button', { pressed: true }).waitFor();
    // Helped, changed, taken back and refused.
    const mine = it.comment('All the same');
    await mine.getByRole('button', { name: 'Edit' }).click();
    await mine.getByRole('textbox').fill('All the same, *changed*');
    await mine.getByRole('button', { name: 'Preview' }).click();
    await mine.getByRole('region', { name: 'Preview' }).getByText('changed').waitFor();
    await mine.getByRole('button', { name: 'Formatting' }).click();
    await mine.getByText('**strong**').waitFor();
    await mine.getByRole('button', { name: 'Save' }).click();
    await mine.locator('em').waitFor();
    await mine.getByRole('button', { name: 'Delete' }).click();
    await mine.getByRole('button', { name: 'Undo' }).click();
    await it.thread.locator('.write').getByRole('button', { name: 'Send' }).click();
    await it.thread.locator('.write .error').filter({ hasText: 'Please write something first.' }).waitFor();
    // Another reader's comment arrives live.
    await comment(own, url, `From elsewhere ${run}`);
    await it.thread.getByRole('button', { name: '1 new comment' }).click();
    await it.comment('From elsewhere').waitFor();
    await it.thread.getByRole('combobox', { name: 'Sort by' }).selectOption('oldest');
    await it.comment('Here before').waitFor();
    assert.deepEqual(it.errors, []);
  });
}

test('a single-page application that changes its route and its block, and goes back', TIMEOUT, async () => {
  const url = publisher.page(`<nav><button id="go">Go</button></nav><div id="view"></div><script>
    const show = (path) => {
      document.querySelector('#view').innerHTML = '<h1>' + path + '</h1><postil-thread site="${site}"></postil-thread>';
    };
    addEventListener('popstate', () => show(location.pathname));
    document.querySelector('#go').onclick = () => { history.pushState(null, '', '/second-${run}'); show(location.pathname); };
    show(location.pathname);
  </script>`);
  const it = await visit(url);
  await write(it, `On the first route ${run}`);
  const streams = new Set();
  it.page.on('request', (request) => request.url().includes('/events') && streams.add(request));
  it.page.on('requestfailed', (request) => streams.delete(request));
  await it.page.locator('#go').click();
  await it.thread.getByText('No comments yet').waitFor();
  await write(it, `On the second ${run}`);
  assert.equal(await it.comment('On the first').count(), 0);
  await it.page.goBack();
  await it.comment('On the first').waitFor();
  assert.equal(await it.comment('On the second').count(), 0);
  assert.ok(streams.size <= 1, `${streams.size} streams are open for one block`);
  assert.equal(it.loads, 1 + 2, 'routes changed, no page was loaded');
  assert.deepEqual(it.errors, []);
});

test('one block that is told of each route by its url', TIMEOUT, async () => {
  const first = publisher.page(`<postil-thread site="${site}"></postil-thread>`);
  await comment(site, `${first}?page=2`, `Second route ${run}`);
  const it = await visit(first);
  await it.thread.getByText('No comments yet').waitFor();
  for (let round = 0; round < 3; round += 1) {
    await it.page.evaluate((url) => document.querySelector('postil-thread').setAttribute('url', url), `${first}?page=2`);
    await it.page.evaluate((url) => document.querySelector('postil-thread').setAttribute('url', url), first);
  }
  await it.page.evaluate((url) => document.querySelector('postil-thread').setAttribute('url', url), `${first}?page=2`);
  await it.comment('Second route').waitFor();
  assert.deepEqual(it.errors, []);
});

test('the seventh tab loads and posts, though a host gets six connections', { timeout: 120_000 }, async () => {
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`);
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1000, height: 1400 } });
  const tabs = [];
  for (let tab = 0; tab < 7; tab += 1) {
    const page = await context.newPage();
    await page.goto(url);
    await page.bringToFront();
    const thread = page.getByRole('region', { name: 'What do you think?' });
    await thread.getByRole('textbox', { name: 'Your comment' }).waitFor();
    tabs.push({ page, thread });
  }
  const { thread } = tabs.at(-1);
  await thread.getByRole('textbox', { name: 'Your comment' }).fill(`From the seventh ${run}`);
  await thread.getByRole('button', { name: 'Send', exact: true }).click();
  await thread.getByRole('article').filter({ hasText: `From the seventh ${run}` }).waitFor();
  await context.close();
});

test('an origin that may not write is told so in the reader’s language, and keeps the text', TIMEOUT, async () => {
  const other = await Publisher.open();
  try {
    const url = publisher.page('');
    const it = await visit(other.page(`<postil-thread site="${site}" url="${url}" locale="de"></postil-thread>`));
    const block = it.page.getByRole('region', { name: 'Was meinen Sie dazu?' });
    await block.getByRole('textbox', { name: 'Ihr Kommentar' }).fill('Von anderswo');
    await block.getByRole('button', { name: 'Senden', exact: true }).click();
    await block.locator('.error').filter({ hasText: 'Von dieser Seite aus kann hier niemand schreiben.' }).waitFor();
    assert.equal(await block.getByRole('textbox', { name: 'Ihr Kommentar' }).inputValue(), 'Von anderswo');
  } finally {
    await other.close();
  }
});

for (const [what, answer] of [
  ['cut off', { body: '{"thread": {"id": "00', contentType: 'application/json' }],
  ['a page of HTML', { body: '<!doctype html><title>Welcome to the hotel</title>', contentType: 'text/html' }],
  ['of another type', { json: [1, 2, 3] }],
  ['null', { body: 'null', contentType: 'application/json' }],
  ['an object that lacks all', { json: { thread: {}, comments: {}, policy: null } }],
]) {
  test(`an answer that is ${what} is one quiet line, until the service is asked again`, TIMEOUT, async () => {
    const pattern = `${origin}/v1/threads?**`;
    const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`);
    let context;
    const it = await visit(url, {
      prepare: async (given) => {
        context = given;
        await context.route(pattern, (route) => route.fulfill({ headers: { 'Access-Control-Allow-Origin': '*' }, ...answer }));
      },
    });
    await it.page.getByText('The comments cannot be loaded just now.').waitFor();
    await context.unroute(pattern);
    await it.page.getByRole('button', { name: 'Try again' }).click();
    await it.thread.getByRole('textbox', { name: 'Your comment' }).waitFor();
    assert.deepEqual(it.errors, []);
  });
}

test('an answer to writing that is cut off loses no text, and sending again posts once', TIMEOUT, async () => {
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`);
  const it = await visit(url);
  const pattern = `${origin}/v1/comments`;
  await it.page.route(pattern, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const response = await route.fetch();
    return route.fulfill({ response, body: (await response.text()).slice(0, 40) });
  });
  const text = `Cut off ${run}`;
  await it.thread.getByRole('textbox', { name: 'Your comment' }).fill(text);
  await it.thread.getByRole('button', { name: 'Send', exact: true }).click();
  await it.thread.getByText('Nothing is lost').first().waitFor();
  assert.equal(await it.thread.getByRole('textbox', { name: 'Your comment' }).inputValue(), text);
  await it.page.unroute(pattern);
  await it.thread.getByRole('button', { name: 'Send', exact: true }).click();
  await it.comment(text).first().waitFor();
  await it.page.reload();
  await it.comment(text).first().waitFor();
  assert.equal(await it.comment(text).count(), 1);
});

test('a slow network shows the thread in the end, and a page that went away in between is left alone', TIMEOUT, async () => {
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`);
  await comment(site, url, `Slowly ${run}`);
  let release;
  const held = new Promise((done) => (release = done));
  const it = await visit(url, {
    prepare: (context) =>
      context.route(`${origin}/v1/threads?**`, async (route) => {
        await held;
        await route.continue();
      }),
  });
  await it.page.evaluate(() => {
    const element = document.querySelector('postil-thread');
    const copy = element.cloneNode();
    element.remove();
    setTimeout(() => document.querySelector('main').append(copy));
  });
  release();
  await it.comment(`Slowly ${run}`).waitFor();
  assert.deepEqual(it.errors, []);
});

test('words of 5,000 letters, 10,000 words and names of mixed direction stay inside the block', TIMEOUT, async () => {
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`);
  await comment(site, url, 'n'.repeat(5000), { author: { name: 'W'.repeat(60) } });
  await comment(site, url, 'a word '.repeat(1400), { author: { name: 'שלום world مرحبا' } });
  await comment(site, url, `\`\`\`\n${'code '.repeat(200)}\n\`\`\`\n\n| a | b |\n|---|---|\n| ${'x'.repeat(300)} | y |`);
  const it = await visit(url);
  await it.comments.nth(2).waitFor();
  for (const width of [320, 1200]) {
    await it.page.setViewportSize({ width, height: 800 });
    const over = await it.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0, `at ${width} px`);
  }
  assert.deepEqual(it.errors, []);
});
