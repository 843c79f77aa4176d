// The block for everyone: what assistive technology is told, the keyboard alone, small windows, large text, other colours.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { ENGLISH } from '../../widget/phrases.js';
import { ENGLISH as COMPOSING } from '../../widget/compose/phrases.js';
import { ENGLISH as NOTING } from '../../widget/inline/phrases.js';
import { ENGLISH as NOTIFYING } from '../../widget/notify/phrases.js';
import { launch, Window } from './harness.mjs';
import { comment, Publisher, run } from './publisher.mjs';
import { show, STATES } from './states.mjs';

const TIMEOUT = { timeout: 120_000 };
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LANGUAGES = ['en', 'de', 'fr', 'es', 'ru', 'ar'];
// Most say as much in one language as in the next; these show nearly every phrase.
const TALKATIVE = ['lively', 'reply', 'error', 'pending'];

let browser;
let publisher;
before(async () => {
  browser = await launch();
  publisher = await Publisher.open();
});
after(async () => {
  await browser?.close();
  await publisher?.close();
});

async function flaws(it) {
  await it.page.evaluate(AXE);
  return it.page.evaluate(async () => {
    const { violations } = await window.axe.run('postil-thread', { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

for (const state of Object.keys(STATES)) {
  test(`axe finds nothing in the state "${state}"`, TIMEOUT, async () => {
    for (const locale of TALKATIVE.includes(state) ? LANGUAGES : ['en', 'ar']) {
      const it = await show(browser, publisher, state, { locale });
      for (const colorScheme of ['light', 'dark']) {
        await it.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        assert.deepEqual(await flaws(it), [], `${locale}, ${colorScheme}`);
      }
      await it.page.context().close();
    }
  });
}

test('from the first Tab to a posted reply with the keyboard alone', TIMEOUT, async () => {
  const site = await publisher.site();
  const url = publisher.page(`<a href="#top">Top</a><postil-thread site="${site}"></postil-thread>`);
  await comment(site, url, `Answer me ${run}`);
  const it = await Window.open(browser, url);
  const { keyboard } = it.page;
  await it.comment('Answer me').waitFor();
  const focused = () =>
    it.page.evaluate(() => {
      const at = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
      return { name: at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent, outline: getComputedStyle(at).outlineStyle };
    });
  const tabTo = async (name) => {
    for (let steps = 0; steps < 30; steps += 1) {
      await keyboard.press('Tab');
      const { name: at, outline } = await focused();
      assert.notEqual(outline, 'none', `the focus on "${at}" is seen`);
      if (at === name) return;
    }
    assert.fail(`Tab does not come to "${name}"`);
  };
  await tabTo('Your comment');
  await tabTo('Reply');
  await keyboard.press('Enter');
  await it.thread.getByRole('textbox', { name: /^Your reply/ }).waitFor();
  await keyboard.type(`By the keyboard ${run}`);
  await tabTo('Send reply');
  await keyboard.press('Enter');
  const mine = it.comment('By the keyboard').filter({ has: it.page.getByRole('button', { name: 'Delete' }) });
  await mine.waitFor();
  assert.match((await focused()).name, /^Reply by/);
  // And from there on.
  await tabTo('Edit');
  // Escape leaves a form, and the focus goes back to where it came from.
  await keyboard.press('Enter');
  await it.thread.getByRole('textbox', { name: 'Your comment, edited' }).waitFor();
  await keyboard.press('Escape');
  assert.equal((await focused()).name, 'Edit');
});

test('each comment is an article that says by whom, when, to whom and how deep; votes are pressed or not', TIMEOUT, async () => {
  const it = await show(browser, publisher, 'lively');
  await it.thread.getByRole('button', { name: 'Vote up, 1', pressed: true }).waitFor();
  const tree = (await it.thread.ariaSnapshot()).replace(/[\u2068\u2069]/g, '');
  for (const line of [
    /region "What do you think\?"/,
    /heading "What do you think\?" \[level=2\]/,
    /textbox "Your comment"/,
    /combobox "Sort by"/,
    /article "Comment by Dolores Ibárruri, just now"/,
    /article "Reply by Bram to Dolores Ibárruri, just now, level 2"/,
    /article "Reply by Ada Lindqvist to Bram, just now, level 3"/,
    /button "Vote up, 1" \[pressed\]/,
    /button "Vote down, 0"/,
    /group "Reactions"/,
    /status/,
  ]) {
    assert.match(tree, line);
  }
  assert.equal(await it.thread.getByRole('status').count(), 1, 'one region is polite, and no other');
  assert.equal(await it.thread.locator('[aria-live]:not([role="status"]), [role="alert"], [role="log"]').count(), 0);
});

test('nothing is cut off or has to be scrolled sideways at 320 px, nor with letters of twice the size', TIMEOUT, async () => {
  for (const locale of ['en', 'de', 'ru', 'ar']) {
    for (const state of ['deep', 'error', 'reply']) {
      const it = await show(browser, publisher, state, { locale });
      for (const [width, size] of [[320, '100%'], [640, '200%']]) {
        await it.page.setViewportSize({ width, height: 800 });
        await it.page.evaluate((to) => (document.documentElement.style.fontSize = to), size);
        const over = await it.page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          const all = [...document.querySelector('postil-thread').shadowRoot.querySelectorAll('button, select, input, textarea, .name, .badge')];
          const out = all.filter((one) => {
            const { left, right, width: wide } = one.getBoundingClientRect();
            return wide && (left < 0 || right > clientWidth + 0.5 || (one.tagName === 'BUTTON' && one.scrollWidth > one.clientWidth + 1));
          });
          return [scrollWidth - clientWidth, ...out.map((one) => one.outerHTML.slice(0, 100))];
        });
        assert.deepEqual(over, [0], `${locale}, ${state}, ${width} px, ${size}`);
      }
      await it.page.context().close();
    }
  }
});

test('on a screen that is touched, what is touched is 44 px each way', TIMEOUT, async () => {
  for (const state of ['lively', 'deep', 'folded', 'reply', 'error', 'pending', 'offline', 'outage', 'signin']) {
    const it = await show(browser, publisher, state, { settings: { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true } });
    const small = await it.page.evaluate(() => {
      const found = document.querySelector('postil-thread').shadowRoot.querySelectorAll('button, select, textarea, input:not([type="checkbox"], [aria-hidden]), label:has(input[type="checkbox"]), label.check');
      return [...found]
        .map((one) => ({ one, size: one.getBoundingClientRect() }))
        .filter(({ size }) => size.width && (size.width < 44 || size.height < 44))
        .map(({ one, size }) => `${one.outerHTML.slice(0, 90)} ${size.width} × ${size.height}`);
    });
    assert.deepEqual(small, [], state);
    await it.page.context().close();
  }
});

test('who asks for less motion gets none, and forced colours show what is pressed', TIMEOUT, async () => {
  const it = await show(browser, publisher, 'lively');
  await it.page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'active' });
  const moving = await it.page.evaluate(() =>
    [...document.querySelector('postil-thread').shadowRoot.querySelectorAll('*')].filter((one) => {
      const { transitionDuration, transitionProperty, animationName } = getComputedStyle(one);
      return animationName !== 'none' || (transitionProperty !== 'none' && parseFloat(transitionDuration) > 0);
    }).length,
  );
  assert.equal(moving, 0);
  const background = (pressed) =>
    it.block.locator(`.vote[aria-pressed="${pressed}"]`).first().evaluate((vote) => getComputedStyle(vote).backgroundColor);
  assert.notEqual(await background(true), await background(false));
  assert.deepEqual(await flaws(it), []);
});

test('a site replaces every phrase', TIMEOUT, async () => {
  const phrases = Object.fromEntries(Object.keys({ ...ENGLISH, ...COMPOSING, ...NOTIFYING, ...NOTING }).map((key) => [key, `«${key} {n}{name}{time}»`]));
  STATES.renamed = { ...STATES.lively, rules: { phrases }, then: undefined };
  const it = await show(browser, publisher, 'renamed');
  delete STATES.renamed;
  await it.block.locator('textarea').first().fill('Words');
  await it.block.locator('.who input').first().waitFor();
  const others = await it.page.evaluate(() => {
    const { shadowRoot } = document.querySelector('postil-thread');
    const named = shadowRoot.querySelectorAll('button, label, h2, option, article, .count, [role="group"]');
    return [...named].filter((one) => one.checkVisibility()).map((one) => one.getAttribute('aria-label') ?? one.textContent).filter((text) => !text.includes('«'));
  });
  assert.deepEqual(others, []);
});
