// The article's text in a real page: what docs/passages.md says it is, and the way from places in the page to offsets and back.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch } from './harness.mjs';

const table = JSON.parse(readFileSync(new URL('../passages/normalisation.json', import.meta.url), 'utf8'));
const source = readFileSync(new URL('../../widget/inline/text.js', import.meta.url), 'utf8');

let browser;
let page;
before(async () => {
  browser = await launch();
  page = await browser.newPage();
  await page.evaluate(async (code) => {
    const { ArticleText } = await import(`data:text/javascript;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(code)))}`);
    /** An element of this HTML, in the page. */
    window.show = (html) => {
      document.body.innerHTML = `<div>${html}</div>`;
      return document.body.firstChild;
    };
    window.read = (html) => new ArticleText(window.show(html));
    /** The text of a range as the text of an article, by another way: a copy of what it holds. */
    window.copied = (range) => {
      const copy = document.createElement('div');
      copy.append(range.cloneContents());
      return new ArticleText(copy).text;
    };
  }, source);
});
after(() => browser?.close());

for (const { name, html, text } of table.extraction) {
  test(`the text of a page: ${name}`, async () => {
    const found = await page.evaluate((given) => [window.read(given).text, window.read(given).length], html);
    assert.deepEqual(found, [text, [...text].length]);
  });
}

for (const { name, raw, text } of table.normalisation) {
  test(`text in a page, with its offsets: ${name}`, async () => {
    const found = await page.evaluate((given) => {
      const root = window.show('<p></p>');
      root.firstChild.textContent = given;
      const article = new (window.read('').constructor)(root);
      document.body.replaceChildren(root);
      // Each code point leads to a place and back again, but for those that have their place only together.
      const wrong = [];
      for (let at = 0; at < article.length; at += 1) {
        if (article.slice(at, at + 1) === ' ') continue;
        const range = article.range(at, at + 1);
        const { start, end } = article.offsets(range);
        if (start > at || end <= at || window.copied(range) !== article.slice(start, end)) wrong.push([at, start, end]);
      }
      return { text: article.text, length: article.length, wrong };
    }, raw);
    // A carriage return does not survive in a page's source, but does in its text.
    assert.deepEqual(found, { text, length: [...text].length, wrong: [] });
  });
}

const PAGES = {
  prose: '<h1>A  title</h1><p>It was <em>un<b>believ</b>able</em>, <a href="#">they\n said</a>.<br>And 𝄞 went on — cafe\u0301 au\u00adlait.</p>',
  list: '<ul><li>One</li><li>two <ol><li>three</li></ol></li></ul> loose words <div>in a box<div>in a box</div></div>',
  table: '<table><caption>Cap</caption><tbody><tr><th>a b</th><td>c</td></tr><tr><td>d<script>var x;</script></td><td></td></tr></tbody></table>after',
  code: '<p>Run:</p><pre><code>fn  main() {\n    run();\n}</code></pre><p>So <button>not this</button>there.</p><p></p>',
};
for (const [name, html] of Object.entries(PAGES)) {
  test(`every range of a page and its words lead to one another: ${name}`, async () => {
    const wrong = await page.evaluate((given) => {
      const article = window.read(given);
      const found = [];
      for (let start = 0; start < article.length; start += 1) {
        for (let end = start + 1; end <= article.length; end += 1) {
          const words = article.slice(start, end);
          if (words.trim() !== words) continue;
          const range = article.range(start, end);
          const back = article.offsets(range);
          if (back?.start !== start || back.end !== end || window.copied(range) !== words) found.push([start, end, words, back, window.copied(range)]);
        }
      }
      return found.slice(0, 5);
    }, html);
    assert.deepEqual(wrong, []);
  });

  test(`every boundary of a page has an offset: ${name}`, async () => {
    const wrong = await page.evaluate((given) => {
      const article = window.read(given);
      const root = document.body.firstChild;
      const found = [];
      const walk = document.createNodeIterator(root);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        for (let at = 0; at <= (node.length ?? node.childNodes.length); at += 1) {
          // Half a letter is all of it.
          if (/^[\udc00-\udfff\u0300-\u036f]/.test(node.data?.slice(at) ?? '')) continue;
          const range = document.createRange();
          range.setStart(root, 0);
          range.setEnd(node, at);
          const { end = 0 } = article.offsets(range) ?? {};
          if (article.slice(0, end).trim() !== window.copied(range)) found.push([node.nodeName, at, end, window.copied(range)]);
        }
      }
      return found.slice(0, 5);
    }, html);
    assert.deepEqual(wrong, []);
  });
}

test('what names a passage has its words as they are written, and 32 code points on each side', async () => {
  const target = await page.evaluate(() => {
    const article = window.read(`<p>${'𝄞 '.repeat(40)}a\n  می\u200cخواهم b ${'end '.repeat(20)}</p>`);
    const start = article.text.indexOf('a می') - 40;
    return article.target({ start, end: start + 8 });
  });
  assert.equal(target.exact, 'a می\u200cخواه');
  assert.equal([...target.prefix].length, 32);
  assert.equal([...target.suffix].length, 32);
});

test('100 KB are read in a moment', async (t) => {
  const took = await page.evaluate(() => {
    const root = window.show('<p>Some words of an article, <em>and</em> some more of them.</p>\n'.repeat(2100));
    const began = performance.now();
    const article = new (window.read('').constructor)(root);
    return { took: performance.now() - began, length: article.length };
  });
  assert.ok(took.length > 100_000);
  t.diagnostic(`${took.length} code points in ${Math.round(took.took)} ms`);
  assert.ok(took.took < 500, `${took.took} ms`);
});
