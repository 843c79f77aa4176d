// Notes on passages, on pages that others built: on the page beside their words, and in the thread with them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, Window } from './harness.mjs';
import { administer, comment, Publisher, run } from './publisher.mjs';

const TIMEOUT = { timeout: 60_000 };
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

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

const visit = (url, options) => Window.open(browser, url, { approach: false, ...options });

/** Selects from the first of these words to the last, as a mouse would. */
const select = (page, from, to = from) =>
  page.evaluate(
    ([first, last]) => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      let start;
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (!start && node.data.includes(first)) start = [node, node.data.indexOf(first)];
        if (!start || !node.data.includes(last)) continue;
        start[0].parentElement.scrollIntoView({ block: 'center' });
        getSelection().setBaseAndExtent(...start, node, node.data.indexOf(last) + last.length);
        return;
      }
      throw new Error(`${first} … ${last} is not there`);
    },
    [from, to],
  );

/** The words that are highlighted, as the reader sees them. */
const highlighted = (page, name = 'note') =>
  page.evaluate((wanted) => Array.from(CSS.highlights.get(`postil-${wanted}`) ?? [], (range) => range.toString().replace(/\s+/g, ' ').trim()), name);

/** Waits until just these words are highlighted. */
const highlights = (page, words, name = 'note') =>
  page.waitForFunction(
    ([wanted, which]) => JSON.stringify(Array.from(CSS.highlights.get(`postil-${which}`) ?? [], (range) => range.toString().replace(/\s+/g, ' ').trim())) === wanted,
    [JSON.stringify(words), name],
  );

const card = (page) => page.getByRole('dialog');
const offer = (page) => page.getByRole('button', { name: 'Comment on this' });

async function answer(page, text) {
  await card(page).getByRole('textbox').first().fill(text);
  await card(page).getByRole('button', { name: 'Send', exact: true }).click();
  await card(page).getByText(text).waitFor();
}

async function remark(page, text, from, to) {
  await select(page, from, to);
  await offer(page).click();
  await answer(page, text);
  await page.keyboard.press('Escape');
  // Closing puts the selection back, and would undo the next one.
  await card(page).waitFor({ state: 'hidden' });
}

/** What a page is to the eye: the boxes of all its own elements, and what copying all of it gives. */
const looks = (page) =>
  page.evaluate(() => {
    const boxes = [];
    for (const element of document.querySelectorAll('#text, #text *:not(postil-note)')) {
      const { left, top, width, height } = element.getBoundingClientRect();
      boxes.push([element.localName, left, top + scrollY, width, height].join(' '));
    }
    getSelection().selectAllChildren(document.querySelector('#text'));
    const copy = getSelection().toString();
    getSelection().removeAllRanges();
    return { boxes, copy };
  });

const PROSE = `<h1>On the <em>use</em> of margins</h1>
  <p>Whoever reads with a pencil reads twice. The margin is <a href="#m">where a text</a> finds out whether it was <strong>under<em>stood</em></strong>.</p>
  <ul><li>They answer the words in front of them.</li><li>They are brief, because the margin is.</li></ul>
  <table><tbody><tr><td>Gloss</td><td>explains a word</td></tr><tr><td>Postil</td><td>may disagree</td></tr></tbody></table>
  <pre><code>fn main() {
    margin();
}</code></pre><p>The thread stayed open for three hundred and fifty eight years.</p>`;

// The same article as three houses would build it.
const PAGES = {
  'a blog with an article': {
    markup: (block) => `<article id="text">${PROSE}</article>${block}`,
  },
  'a page of boxes whose styles undo everything': {
    attribute: 'article="#text"',
    head: `<style>
      * { all: unset; display: block !important; position: static !important; } script, style, head { display: none !important }
      button, span { font-size: 40px !important; opacity: .01 !important } em, a, strong, code { display: inline !important }
      #text > :last-child, #text > :only-child { margin-top: 13px } html { direction: ltr }
    </style>`,
    markup: (block) => `<div><div id="text">${PROSE.replace(/<(\/?)p>/g, '<$1div>')}</div></div><div style="overflow: hidden; height: 900px !important; overflow-y: auto">${block}</div>`,
  },
  'an application that loads its text late, in a box that scrolls': {
    attribute: 'article="#text"',
    head: '<style>body { margin: 0 } #box { height: 700px; overflow: auto; position: relative } #text { max-width: 400px; min-height: 2000px }</style>',
    markup: (block) => `<div id="box"><section id="text"><p>Loading…</p></section>${block}</div><script>
      const parts = ${JSON.stringify(PROSE.split(/(?=<ul>|<pre>)/))};
      const text = document.querySelector('#text');
      const next = () => {
        const part = parts.shift();
        if (!part) return;
        text.insertAdjacentHTML('beforeend', part);
        setTimeout(next, 150);
      };
      setTimeout(() => { text.textContent = ''; next(); }, 300);
    </script>`,
  },
};

for (const [name, { markup, attribute = '', head = '' }] of Object.entries(PAGES)) {
  const build = (edit = (html) => html) => edit(markup(`<postil-thread site="${site}" ${attribute}></postil-thread>`));
  const open = async (url) => {
    const it = await visit(url);
    await it.page.getByText('The thread stayed open').waitFor();
    if (!attribute) await it.approach();
    return it;
  };

  test(`${name}: words are selected, remarked on, and marked when the page comes again`, TIMEOUT, async () => {
    const url = publisher.page(build(), { head });
    const it = await open(url);
    const { page } = it;
    const before = await looks(page);
    await remark(page, `On links ${run}`, 'where a text', 'stood');
    await remark(page, `On a list and a table ${run}`, 'because the margin', 'Gloss');
    await remark(page, `On code ${run}`, 'margin();', 'The thread');
    await page.waitForFunction(() => CSS.highlights.get('postil-note')?.size === 3);
    const words = await highlighted(page);
    assert.equal(words[0], 'where a text finds out whether it was understood');
    assert.match(words[1], /^because the margin is\.\s*Gloss$/);
    assert.match(words[2], /^margin\(\); \}\s*The thread$/);
    // Nothing of the page has moved, and what is copied is the page's own.
    assert.deepEqual(await looks(page), before);
    await it.approach();
    assert.equal(await it.comment('On links').locator('blockquote').first().innerText(), `“${words[0]}”`);

    const again = await open(url);
    await highlights(again.page, words);
    // Of a text that comes bit by bit the service may be asked on the way, and the browser notes down its 404.
    assert.deepEqual([...it.errors, ...again.errors].filter((error) => !error.includes('/anchors')), []);
  });

  test(`${name}: when the article was edited, each note is where it belongs, or in the thread alone`, TIMEOUT, async () => {
    const url = publisher.page(build(), { head });
    const it = await open(url);
    await remark(it.page, `On links ${run}`, 'where a text', 'stood');
    await remark(it.page, `On a list ${run}`, 'They are brief');
    await remark(it.page, `On a row ${run}`, 'Postil', 'may disagree');
    await it.page.waitForFunction(() => CSS.highlights.get('postil-note')?.size === 3);

    publisher.edit(
      url,
      build((html) => {
        const edits = [
          ['finds out', 'soon finds out'],
          ['<ul>', '<div>What was added here moves all that follows it.</div><ul>'],
          ['<tr><td>Postil</td><td>may disagree</td></tr>', ''],
        ];
        for (const [from, to] of edits) {
          assert.ok(html.includes(from), from);
          html = html.replace(from, to);
        }
        return html;
      }),
    );
    // A page that loads late may be read before it is whole; what counts here is the text to its last word.
    let sent = 0;
    let known;
    const isKnown = new Promise((resolve) => (known = resolve));
    const watch = (context) =>
      context.on('response', (response) => {
        const request = response.request();
        if (!/\/anchors(\?|$)/.test(request.url())) return;
        if (request.method() === 'POST' && request.postData().includes('fifty eight years')) sent += 1;
        if (request.method() === 'GET' && response.ok() && sent) known();
      });
    const words = ['They are brief', 'where a text soon finds out whether it was understood'];
    for (const reader of ['the first', 'another']) {
      const again = await visit(url, { prepare: watch });
      await again.page.getByText('The thread stayed open').waitFor();
      await again.approach();
      await again.page.waitForFunction(() => CSS.highlights.get('postil-note')?.size === 2);
      assert.deepEqual((await highlighted(again.page)).sort(), words, reader);
      const orphan = again.comment('On a row').locator('blockquote').first();
      await orphan.getByText('The text said then:').waitFor();
      assert.match(await orphan.innerText(), /“Postil\s+may disagree”/);
      assert.equal(await orphan.getByRole('link').count(), 0, 'it leads nowhere');
      // A note that moved opens at its new place, and shows what was said there.
      await again.comment('On links').getByRole('link', { name: /where a text/ }).click();
      assert.equal(await again.page.evaluate(() => document.activeElement.textContent.includes('soon finds out')), true);
      // The browser itself notes down the 404 to a text that nobody asked about before.
      assert.deepEqual(again.errors.filter((error) => !error.includes('404')), []);
    }
    await isKnown;
    assert.equal(sent, 1, 'the text that one reader sent is known to the next');
  });
}

test('when the author sends a newer text, a page that still shows the old one keeps its notes', TIMEOUT, async () => {
  const text = 'The margin is where a text finds out.';
  const url = publisher.page(`<article id="text"><p>${text}</p></article><postil-thread site="${site}" article="article"></postil-thread>`);
  const about = (exact) => {
    const start = text.indexOf(exact);
    const end = start + exact.length;
    return { target: { exact, prefix: text.slice(0, start), suffix: text.slice(end), start, end } };
  };
  const { thread_id: thread } = await comment(site, url, `One ${run}`, about('margin'));
  await comment(site, url, `Two ${run}`, about('finds out'));
  const it = await visit(url);
  await it.approach();
  await highlights(it.page, ['margin', 'finds out']);
  const found = it.page.waitForResponse((response) => response.request().method() === 'POST' && response.url().endsWith('/anchors'));
  await administer('POST', `threads/${thread}/anchors`, { text: `A preface. ${text}` });
  const { items } = await (await found).json();
  assert.deepEqual(items.map(({ state }) => state), ['moved', 'moved']);
  await highlights(it.page, ['margin', 'finds out']);
});

const QUESTION = 'Do you read with a pencil?';
const asking = (more = '') => `<article id="text"><h1>Margins</h1><p>Whoever <mark data-postil-question="${QUESTION}" data-postil-key="q1">reads with
  a pencil</mark> reads twice.</p>${more}</article><postil-thread site="${site}"></postil-thread>`;

test('a question in the page is answered beside it and from the thread; the filter, and out of it again', TIMEOUT, async () => {
  const url = publisher.page(asking());
  await comment(site, url, `On all of it ${run}`);
  const it = await visit(url);
  const { page } = it;
  const button = page.getByRole('button', { name: /^Question: .*Do you read with a pencil\?/ });
  await button.waitFor();
  assert.equal(await button.innerText(), '?');
  await button.click();
  await page.getByRole('dialog', { name: QUESTION }).waitFor();
  await card(page).getByText('No answers yet').waitFor();
  await answer(page, `Always ${run}`);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /1 answer$/ }).waitFor();
  assert.equal(await card(page).count(), 0);

  // Another reader answers from the thread.
  const other = await visit(url);
  await other.approach();
  await other.thread.getByText('Passages with comments').click();
  await other.thread.getByRole('listitem').filter({ hasText: QUESTION }).getByRole('button', { name: '1 answer' }).click();
  await card(other.page).getByText(`Always ${run}`).waitFor();
  await answer(other.page, `Never ${run}`);
  await other.page.keyboard.press('Escape');

  // The first one hears of it.
  await it.approach();
  await page.getByRole('button', { name: /2 answers$/ }).waitFor();
  await button.click();
  await card(page).getByText(`Never ${run}`).waitFor();
  await card(page).getByRole('button', { name: 'View all (2)' }).click();
  await it.comment(`Never ${run}`).waitFor();
  assert.equal(await it.comment('On all of it').count(), 0);
  assert.match(await it.comment('Never').innerText(), /Do you read with a pencil\?\s*“reads with a pencil”/);
  await it.thread.getByRole('button', { name: 'View all comments' }).click();
  await it.comment('On all of it').waitFor();
  await it.thread.getByRole('button', { name: 'Inline feedbacks' }).click();
  await it.comment('On all of it').waitFor({ state: 'detached' });
  assert.equal(await it.thread.getByRole('button', { name: 'Inline feedbacks' }).getAttribute('aria-pressed'), 'true');
  assert.equal(await it.comments.count(), 2);
  await it.thread.getByRole('button', { name: 'View all comments' }).click();

  // From a comment to its words.
  await it.comment('Never').getByRole('link', { name: /reads with/ }).click();
  assert.equal(await button.evaluate((element) => element.getRootNode().activeElement === element), true);
  assert.deepEqual(it.errors, []);
});

test('a question that its author planted and closed takes no more answers', TIMEOUT, async () => {
  const url = publisher.page(`<article id="text"><p>Whoever reads with a pencil reads twice.</p></article><postil-thread site="${site}" article="article"></postil-thread>`);
  const made = await comment(site, url, `First ${run}`);
  const plant = (more) => administer('PUT', `threads/${made.thread_id}/passages/q9`, { exact: 'with a pencil', prefix: 'Whoever reads ', suffix: ' reads twice.', start: 14, end: 27, question: 'Or a pen?', ...more });
  await plant({});
  const it = await visit(url);
  const { page } = it;
  await highlights(page, ['with a pencil']);
  await page.locator('postil-note .note').click();
  await page.getByRole('dialog', { name: /Or a pen\?/ }).waitFor();
  await answer(page, `A pen ${run}`);
  await plant({ state: 'closed' });
  await page.reload();
  await page.locator('postil-note .note').click();
  await card(page).getByText('This question is closed.').waitFor();
  await card(page).getByText(`A pen ${run}`).waitFor();
  assert.equal(await card(page).getByRole('textbox').count(), 0);
  assert.deepEqual(it.errors, []);
});

test('by keyboard alone: words, remark, list of passages, their place, the question', TIMEOUT, async () => {
  const url = publisher.page(asking('<p>The margin is where a text finds out.</p>'));
  const it = await visit(url);
  const { page } = it;
  const { keyboard } = page;
  const question = page.getByRole('button', { name: /^Question: / });
  await question.waitFor();
  const focused = (locator) => locator.evaluate((element) => element.getRootNode().activeElement === element);

  // What follows the mark in the page is its button.
  await page.evaluate(() => getSelection().collapse(document.querySelector('h1'), 0));
  await keyboard.press('Tab');
  assert.ok(await focused(question));
  await keyboard.press('Enter');
  await card(page).waitFor();
  await keyboard.press('Escape');
  await card(page).waitFor({ state: 'hidden' });
  assert.ok(await focused(question), 'the focus is back where it was');

  // Words are selected with the keys, and the next stop is the offer.
  await page.evaluate(() => {
    document.activeElement.blur();
    const text = document.querySelectorAll('p')[1].firstChild;
    getSelection().collapse(text, 4);
  });
  await keyboard.down('Shift');
  for (let n = 0; n < 'margin'.length; n += 1) await page.evaluate(() => getSelection().modify('extend', 'forward', 'character'));
  await keyboard.up('Shift');
  await offer(page).waitFor();
  await it.thread.getByRole('status').filter({ hasText: 'Press Tab' }).waitFor({ state: 'attached' });
  await keyboard.press('Tab');
  assert.ok(await focused(offer(page)));
  assert.equal(await page.evaluate(() => String(getSelection())), 'margin', 'the selection is as it was');
  await keyboard.press('Enter');
  await card(page).getByRole('textbox', { name: 'Your comment' }).waitFor();
  await keyboard.type(`By key ${run}`);
  await keyboard.press('Control+Enter');
  await card(page).getByText(`By key ${run}`).waitFor();
  // The focus goes round in the card.
  for (let n = 0; n < 12; n += 1) {
    await keyboard.press('Tab');
    assert.ok(await card(page).evaluate((element) => element.matches(':focus-within')));
  }
  await keyboard.press('Escape');
  await card(page).waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => String(getSelection())), 'margin');

  // The list leads to the place of the words.
  await it.thread.locator('summary').focus();
  await keyboard.press('Enter');
  await it.thread.getByRole('link', { name: '“margin”' }).first().focus();
  await keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'The margin is where a text finds out.');
  await keyboard.press('Tab');
  assert.equal(await page.locator('p[tabindex]').count(), 0, 'the article is as it was');
  assert.deepEqual(it.errors, []);
});

for (const [locale, list, send] of [
  ['en', 'Passages with comments', 'Send'],
  ['ar', 'مقاطع عليها تعليقات', 'إرسال'],
]) {
  test(`axe finds nothing about notes, cards and lists: ${locale}`, TIMEOUT, async () => {
    const url = publisher.page(asking('<p>The margin is where a text finds out.</p>').replace('<postil-thread', `<postil-thread locale="${locale}"`));
    await comment(site, url, `Of old ${run}`, { target: { exact: 'words that were never there', prefix: '', suffix: '' } });
    await comment(site, url, `Of now ${run}`, { target: { exact: 'where a text', prefix: '', suffix: '' } });
    const it = await visit(url);
    const { page } = it;
    await page.locator('.asks').waitFor();
    await page.locator('postil-thread .quoted .muted').waitFor();
    await page.evaluate(AXE);
    const flaws = () =>
      page.evaluate(async () => {
        const { violations } = await window.axe.run({ include: [['postil-thread'], ['postil-note']] }, { resultTypes: ['violations'] });
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.locator('postil-thread').getByText(list).click();
      assert.deepEqual(await flaws(), [], colorScheme);
      await page.locator('.asks').click();
      await card(page).getByRole('button', { name: send, exact: true }).waitFor();
      assert.deepEqual(await flaws(), [], `${colorScheme}, a card`);
      await page.keyboard.press('Escape');
    }
    assert.deepEqual(it.errors.filter((error) => !error.includes('404')), []);
  });
}

test('by touch: what is offered, what is tapped, and how large it is', TIMEOUT, async () => {
  const url = publisher.page(asking('<p>The margin is where a text finds out.</p>'), { head: '<style>body { margin: 0 } #text { padding: 0 16px }</style>' });
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  const page = await context.newPage();
  await page.goto(url);
  const question = page.getByRole('button', { name: /^Question: / });
  await question.waitFor();
  const large = async (locator) => {
    const { width, height } = await locator.boundingBox();
    assert.ok(width >= 44 && height >= 44, `${width} × ${height}`);
  };
  await large(question);
  await question.tap();
  await large(card(page).getByRole('button', { name: 'Close' }));
  await card(page).getByRole('button', { name: 'Close' }).tap();
  await page.touchscreen.tap(100, 600);
  await select(page, 'where a text');
  await offer(page).waitFor();
  await large(offer(page));
  await offer(page).tap();
  await answer(page, `By thumb ${run}`);
  await card(page).getByRole('button', { name: 'Close' }).tap();
  // The words themselves open it again.
  const at = await page.evaluate(() => {
    const [range] = CSS.highlights.get('postil-note');
    const { left, top } = range.getBoundingClientRect();
    return [left + 5, top + 5];
  });
  await page.touchscreen.tap(...at);
  await card(page).getByText(`By thumb ${run}`).waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, 'nothing has to be scrolled sideways');
  await context.close();
});

test('selections that are none: white space, all of a long article, more than may be quoted, outside of it', TIMEOUT, async () => {
  const url = publisher.page(
    `<p id="out">Outside of the article.</p><article id="text"><p>Short.</p><p id="blank">&nbsp; \n </p><p>${'Many words. '.repeat(400)}</p><p><input value="Typed here"></p></article>
     <postil-thread site="${site}" article="article"></postil-thread>`,
  );
  const it = await visit(url);
  const { page } = it;
  await it.thread.getByRole('button', { name: 'Comment on a passage' }).waitFor();
  const nothing = async (doing) => {
    await select(page, 'Short.');
    await offer(page).waitFor();
    await doing();
    await offer(page).waitFor({ state: 'hidden' });
  };
  await nothing(() => page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#blank'))));
  await nothing(() => page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#out'))));
  await nothing(() => page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#text'))));
  await page.getByText('At most 2,000 characters can be commented on').waitFor();
  await nothing(() => page.locator('#text input').selectText());
  // Pasted instead: what is not in the text, what is there twice, and what is.
  await it.thread.getByRole('button', { name: 'Comment on a passage' }).click();
  const words = card(page).getByRole('textbox', { name: 'Words from the text' });
  await card(page).getByRole('textbox', { name: 'Your comment' }).fill(`Pasted ${run}`);
  for (const [given, said] of [
    ['Nowhere to be found', 'These words are not in the text.'],
    ['Many words', 'These words stand in the text more than once.'],
    ['   ', 'These words are not in the text.'],
  ]) {
    await words.fill(given);
    await card(page).getByRole('button', { name: 'Send', exact: true }).click();
    await card(page).getByText(said).waitFor();
  }
  await words.fill(' Short.\n Many ');
  await card(page).getByRole('button', { name: 'Send', exact: true }).click();
  await it.comment(`Pasted ${run}`).waitFor();
  await highlights(page, ['Short. Many'].map((text) => text.replace('. M', '. M')));
  assert.deepEqual(it.errors, []);
});

test('a site that lets nobody select still has its questions, and a page with neither loads nothing more', TIMEOUT, async () => {
  const quiet = await publisher.site({ policy: { passages: 'off' } });
  const bare = await visit(publisher.page(`<article><p>Words.</p></article><postil-thread site="${quiet}"></postil-thread>`));
  const asked = [];
  bare.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await bare.approach();
  await bare.thread.getByText('No comments yet').waitFor();
  await bare.thread.getByRole('textbox', { name: 'Your comment' }).focus();
  await bare.thread.getByRole('textbox', { name: /^Name/ }).waitFor();
  assert.deepEqual(asked.filter((path) => path.includes('/inline-')), []);

  const it = await visit(publisher.page(asking().replace(site, quiet)));
  await it.page.getByRole('button', { name: /^Question: / }).click();
  await answer(it.page, `All the same ${run}`);
  await it.page.keyboard.press('Escape');
  await select(it.page, 'reads twice');
  await it.page.evaluate(() => new Promise((done) => setTimeout(done, 600)));
  assert.equal(await offer(it.page).count(), 0);
  assert.deepEqual(it.errors, []);
});

test('from right to left, the notes are at the left', TIMEOUT, async () => {
  const url = publisher.page(
    `<article dir="rtl" lang="ar" style="width: 400px; margin: 0 100px"><p>في البدء كان <mark data-postil-question="ما رأيك؟" data-postil-key="q">الهامش</mark> واسعًا.</p></article>
     <postil-thread site="${site}" locale="ar"></postil-thread>`,
    { lang: 'ar' },
  );
  const it = await visit(url);
  const button = it.page.getByRole('button', { name: /^سؤال: / });
  await button.waitFor();
  const note = await button.boundingBox();
  const text = await it.page.locator('article').boundingBox();
  assert.ok(note.x + note.width <= text.x, `${note.x} + ${note.width} ≤ ${text.x}`);
  await button.click();
  await it.page.getByRole('dialog', { name: 'ما رأيك؟' }).getByRole('textbox', { name: 'إجابتك' }).waitFor();
  assert.equal(await card(it.page).getAttribute('dir'), 'rtl');
  assert.deepEqual(it.errors, []);
});
