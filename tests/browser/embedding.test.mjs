// The elements on pages of many kinds: what the page may ask of them, and what it may do to them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, serviceUrl, Window } from './harness.mjs';

const TIMEOUT = { timeout: 60_000 };
const run = Date.now().toString(36);
const { origin } = serviceUrl();
let pages = 0;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A window on a page of the service's own origin that holds this markup; `record` keeps the events it sends. */
async function openPage(markup, { head = '', prepare, ...options } = {}) {
  const path = `/demo/${run}-${(pages += 1)}.html`;
  const html = `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">${head}
    <script type="module" src="/postil.js"></script></head><body><main>${markup}</main></body></html>`;
  const it = await Window.open(browser, path, {
    ...options,
    prepare: async (context) => {
      await context.addInitScript(() => {
        window.record = [];
        for (const type of ['ready', 'posted', 'sign-in', 'error']) {
          addEventListener(`postil:${type}`, ({ detail }) => window.record.push({ type, ...detail }));
        }
      });
      await context.route(`${origin}${path}*`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
      await prepare?.(context);
    },
  });
  it.url = `${origin}${path}`;
  it.asked = [];
  it.page.on('request', (request) => it.asked.push(new URL(request.url()).pathname));
  return it;
}

const recorded = (it, type) => it.page.evaluate((wanted) => window.record.filter((one) => one.type === wanted), type);

async function write(block, text) {
  await block.getByRole('textbox', { name: 'Your comment' }).fill(text);
  await block.getByRole('button', { name: 'Send', exact: true }).click();
  await block.locator('article:not([aria-busy])').filter({ hasText: text }).waitFor();
}

/** What a policy or a person would be on another site: the service's own answer, with changes. */
const answering = (context, path, change) =>
  context.route(`${origin}/v1/${path}*`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });

test('nothing but the script is asked for until the block is near, and the stream is open only while it is seen', TIMEOUT, async () => {
  const asked = [];
  const it = await openPage('<p id="above" style="height: 6000px">Long.</p><postil-thread site="demo" key="demo"></postil-thread>', {
    approach: false,
    prepare: async (context) => context.on('request', (request) => asked.push(new URL(request.url()).pathname)),
  });
  await it.page.evaluate(() => customElements.whenDefined('postil-thread'));
  await it.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.deepEqual(asked.filter((path) => path.startsWith('/v1/')), []);

  const stream = (request) => request.url().includes('/events');
  const opened = it.page.waitForRequest(stream);
  await it.approach();
  const first = await opened;
  await it.comments.first().waitFor();
  const closed = it.page.waitForEvent('requestfailed', (request) => request === first);
  await it.page.evaluate(() => scrollTo(0, 0));
  await closed;
  const again = it.page.waitForRequest(stream);
  await it.approach();
  await again;
  assert.deepEqual(it.errors, []);
});

test('an address that names a comment brings the block at once', TIMEOUT, async () => {
  const lively = await Window.open(browser, '/demo/');
  const id = await lively.comments.last().getAttribute('id');
  const it = await openPage('<p style="height: 6000px">Long.</p><postil-thread site="demo" key="demo"></postil-thread>', { approach: false });
  await it.page.evaluate((hash) => (location.hash = hash), id);
  await it.thread.locator(`#${id}.marked`).waitFor();
  assert.deepEqual(it.errors, []);
});

test('a page whose styles undo everything has a block that works, at the level it asks for', TIMEOUT, async () => {
  const it = await openPage('<postil-thread site="demo" heading-level="4"></postil-thread>', {
    head: '<style>* { all: unset; display: block !important }</style>',
  });
  await it.thread.getByRole('heading', { level: 4, name: 'What do you think?' }).waitFor();
  await write(it.thread, `Undone, but here ${run}`);
  const { width, height } = await it.thread.getByRole('textbox', { name: 'Your comment' }).boundingBox();
  assert.ok(width > 200 && height > 40, `${width} × ${height}`);
  assert.equal(await it.thread.getByRole('status').evaluate((element) => element.offsetWidth), 1);
  await it.comment('Undone').getByRole('button', { name: 'Reply', exact: true }).click();
  await it.comment('Undone').getByRole('textbox', { name: /^Your reply/ }).waitFor();
  const [{ thread }] = await recorded(it, 'ready');
  const [posted] = await recorded(it, 'posted');
  assert.equal(thread.comment_count, 0);
  assert.equal(posted.status, 'published');
  assert.deepEqual(it.errors, []);
});

test('several blocks; a changed key, a moved element, one taken out and put in', TIMEOUT, async () => {
  const it = await openPage('<postil-thread site="demo"></postil-thread><div id="there"></div><postil-thread site="demo" key="demo"></postil-thread>');
  const [one, other] = [it.thread.first(), it.thread.last()];
  await other.getByRole('article').first().waitFor();
  await write(one, `Mine alone ${run}`);
  assert.equal(await other.getByText(`Mine alone ${run}`).count(), 0);

  // A list that is sorted anew moves its elements; what is being written goes along.
  await one.getByRole('textbox', { name: 'Your comment' }).fill('half a thought');
  await it.page.evaluate(() => document.querySelector('#there').append(document.querySelector('postil-thread')));
  await it.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await one.getByRole('textbox', { name: 'Your comment' }).inputValue(), 'half a thought');

  await it.page.evaluate((key) => document.querySelector('postil-thread').setAttribute('key', key), `other-${run}`);
  await one.getByText('No comments yet').waitFor();
  await it.page.evaluate((url) => {
    const element = document.querySelector('postil-thread');
    element.removeAttribute('key');
    element.setAttribute('url', url);
  }, it.url);
  await one.getByText(`Mine alone ${run}`).waitFor();

  await it.page.evaluate(() => (window.kept = document.querySelector('postil-thread')).remove());
  await it.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await it.page.evaluate(() => document.querySelector('#there').append(window.kept));
  await one.getByText(`Mine alone ${run}`).waitFor();
  await write(one, `Still mine ${run}`);
  assert.deepEqual(it.errors, []);
});

test('counts of a whole page come in one call, also of elements added later, and are silent where there is none', TIMEOUT, async () => {
  const it = await openPage('<postil-thread site="demo"></postil-thread><p id="list"></p>');
  await write(it.thread, `Counted ${run}`);
  it.asked = [];
  await it.page.evaluate((url) => {
    document.querySelector('#list').innerHTML = `<postil-count site="demo" url="${url}#part"></postil-count>
      <postil-count url="/demo/none-${url.length}.html"></postil-count><postil-count site="nowhere" url="${url}"></postil-count>`;
  }, it.url);
  const counts = it.page.locator('postil-count');
  await counts.nth(0).filter({ hasText: /^1 comment$/ }).waitFor();
  await counts.nth(1).filter({ hasText: /^0 comments$/ }).waitFor();
  assert.equal(it.asked.filter((path) => path === '/v1/counts').length, 2, 'one for each site');
  assert.equal(await counts.nth(2).textContent(), '');
  // One address that is no page of the site's leaves the others their counts.
  await it.page.evaluate((url) => {
    document.querySelector('#list').innerHTML = `<postil-count site="demo" url="https://elsewhere.example/"></postil-count>
      <postil-count></postil-count><postil-count url="${url}" locale="ar"></postil-count>`;
  }, it.url);
  await counts.nth(1).filter({ hasText: /^1 comment$/ }).waitFor();
  assert.equal(await counts.nth(0).textContent(), '');
  const arabic = counts.nth(2).filter({ hasText: /\p{Script=Arabic}/u });
  await arabic.waitFor();
  assert.deepEqual([await arabic.getAttribute('lang'), await arabic.getAttribute('dir')], ['ar', 'rtl']);
  await it.page.evaluate((url) => {
    document.querySelector('#list').innerHTML = '<postil-count></postil-count><postil-count url="/demo/none.html"></postil-count>';
    document.querySelectorAll('postil-count')[1].setAttribute('url', url);
  }, it.url);
  await counts.nth(1).filter({ hasText: /^1 comment$/ }).waitFor();
});

test("counts are told in the site's language and in its own words", TIMEOUT, async () => {
  const it = await openPage('<postil-thread site="demo" key="demo"></postil-thread><postil-count></postil-count>', {
    prepare: (context) => answering(context, 'counts', (answer) => ({ ...answer, locale: 'de', phrases: { 'count.other': '{n} Stimmen' } })),
  });
  const count = it.page.locator('postil-count');
  await count.filter({ hasText: '0 Stimmen' }).waitFor();
  assert.equal(await count.getAttribute('lang'), 'de');
});

test('a site that is not there, and a page that is not its, are named in one quiet line', TIMEOUT, async () => {
  const it = await openPage('<postil-thread site="nowhere"></postil-thread><postil-thread site="demo" url="https://elsewhere.example/"></postil-thread>');
  await it.page.getByText('The comments cannot be loaded just now. There is no site of that name.').waitFor();
  await it.page.getByText('just now. This address is not on one of the site\'s origins.').waitFor();
  assert.equal(await it.page.getByRole('button').count(), 0);
  assert.deepEqual((await recorded(it, 'error')).map(({ code }) => code).sort(), ['unknown_site', 'url_not_on_site']);
});

test('a service that is down is one quiet line, until it is asked again', TIMEOUT, async () => {
  const down = (route) => route.abort();
  let context;
  const it = await openPage('<postil-thread site="demo" key="demo"></postil-thread>', {
    prepare: async (given) => {
      context = given;
      await context.route(`${origin}/v1/**`, down);
    },
  });
  const retry = it.page.getByRole('button', { name: 'Try again' });
  await retry.waitFor();
  await context.unroute(`${origin}/v1/**`, down);
  await retry.click();
  await it.comments.first().waitFor();
});

test('storage that is refused, and a clock a day ahead, spoil nothing', TIMEOUT, async () => {
  const it = await openPage('<postil-thread site="demo"></postil-thread>', {
    prepare: (context) =>
      context.addInitScript(() => {
        Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('refused', 'SecurityError'); } });
        const { now } = Date;
        Date.now = () => now() + 86_400_000;
      }),
  });
  await write(it.thread, `Today ${run}`);
  assert.match(await it.comment(`Today ${run}`).getAttribute('aria-label'), /, just now$/);
  await it.comment(`Today ${run}`).getByRole('button', { name: 'Delete' }).waitFor();
  assert.deepEqual(it.errors, []);
});

test('a reader who must sign in is led to the page’s own way, or the page is asked again', TIMEOUT, async () => {
  let vouched = false;
  let guest;
  const it = await openPage('<postil-thread site="demo" sso="/demo/who"></postil-thread>', {
    prepare: async (context) => {
      await answering(context, 'threads', (page) => ({ ...page, policy: { ...page.policy, guests: false } }));
      await context.route(`${origin}/demo/who`, (route) => (vouched ? route.fulfill({ body: 'a.b.c\n' }) : route.fulfill({ status: 204 })));
      // The demo has no sign-on: a guest's token stands in for the one that a JWT would be exchanged for.
      await context.route(`${origin}/v1/identity/sso`, async (route) => {
        assert.equal(route.request().postDataJSON().token, 'a.b.c');
        guest = await (await route.fetch({ url: `${origin}/v1/identity/guest`, postData: { site: 'demo', name: 'Ada' } })).json();
        await route.fulfill({ json: { ...guest, person: { ...guest.person, kind: 'sso' } } });
      });
      await context.route(`${origin}/v1/threads/*/me`, async (route) => {
        const me = await (await route.fetch()).json();
        await route.fulfill({ json: { ...me, person: { ...me.person, kind: 'sso' } } });
      });
    },
  });
  const enter = it.thread.getByRole('button', { name: 'Sign in' });
  await it.page.evaluate(() => addEventListener('postil:sign-in', (event) => event.preventDefault(), { once: true }));
  await enter.click();
  assert.equal((await recorded(it, 'sign-in')).length, 1);
  vouched = true;
  await enter.click();
  // Nobody asks a name of whom the page has named.
  await it.thread.getByRole('textbox', { name: 'Your comment' }).waitFor();
  assert.equal(await it.thread.getByRole('textbox', { name: /^Name/ }).count(), 0);
  await write(it.thread, `Vouched for ${run}`);
  assert.match(await it.comment(`Vouched for ${run}`).getAttribute('aria-label'), /Ada/);
  assert.equal(await it.thread.getByRole('textbox', { name: /^Name/ }).count(), 0);
  assert.deepEqual(it.errors, []);
});

test('a wrong JWT is one quiet line, and reading and writing go on', TIMEOUT, async () => {
  const it = await openPage('<postil-thread site="demo" key="demo" sso="/demo/who"></postil-thread>', {
    prepare: (context) => context.route(`${origin}/demo/who`, (route) => route.fulfill({ body: 'wrong' })),
  });
  await it.thread.locator('.error').filter({ hasText: 'Signing you in did not work.' }).waitFor();
  await it.comments.first().waitFor();
  await write(it.thread, `As a guest ${run}`);
  assert.deepEqual((await recorded(it, 'error')).map(({ code }) => code), ['sso']);
});
