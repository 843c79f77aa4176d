// What a block may look like, made with the service itself: for whoever looks at it, and for axe.

import { serviceUrl, Window } from './harness.mjs';
import { administer, comment } from './publisher.mjs';

const { origin } = serviceUrl();
const LOOK = `<style>
  :root { color-scheme: light dark; background: #fbfaf7; color: #23211d; --postil-accent: #8a3b2a; }
  @media (prefers-color-scheme: dark) { :root { background: #171614; color: #e4dfd5; --postil-accent: #a14b38; } }
  body { margin: 0; font: 1.0625rem/1.65 Charter, "Bitstream Charter", Georgia, "Liberation Serif", serif; }
  main { max-width: 41rem; margin: auto; padding: 2rem 1.125rem 3rem; }
</style>`;

const TALK = {
  en: {
    people: ['Ada Lindqvist', 'Bram', 'Professor Wilhelmina van den Broecke-Castellanos', 'cem', 'Dolores Ibárruri'],
    roots: [
      'The paragraph on Fermat is the best short account of it I have read. One quibble: the son published the notes *with* the text, so the margin was empty again.',
      'I still write in my books, **in ink**. My daughter answers in pencil.\n\n> It is often the one that keeps you standing at the shelf.\n\nThis is exactly it.',
      'Short and good.',
    ],
    replies: ['That quibble deserves a margin of its own.', 'It does. And it would hold this one.', 'I borrowed a book from you once. It came back heavier.', 'See [the scan](https://example.org/scan), page 61, and `MS 904`.'],
    held: 'A first comment, which somebody looks at before it is shown.',
    draft: 'I would like to say something about',
  },
  ar: {
    people: ['ليلى حدّاد', 'Bram', 'عبد الرحمن بن عبد العزيز المنصوري', 'سلمى', 'نور'],
    roots: [
      'فقرة فيرما أفضل ما قرأت عنه. ملاحظة واحدة: الابن نشر الحواشي *مع* النص، فعاد الهامش فارغًا.',
      'ما زلت أكتب في كتبي **بالحبر**، وابنتي تجيب بقلم الرصاص.\n\n> وكثيرًا ما يكون هو الذي يبقيك واقفًا عند الرف.\n\nهذا هو تمامًا.',
      'قصير وجيد.',
    ],
    replies: ['هذه الملاحظة تستحق هامشًا لها.', 'صحيح، وسيتسع لهذه أيضًا.', 'استعرت منك كتابًا ذات مرة، فعاد أثقل.', 'انظر [الصورة](https://example.org/scan)، صفحة 61، و`MS 904`.'],
    held: 'تعليق أول ينظر فيه أحد قبل أن يُنشر.',
    draft: 'أود أن أقول شيئًا عن',
  },
};

/** Each gives the site's rules, what is there, and what the reader does then. */
export const STATES = {
  empty: {},
  lively: {
    async there(write, { people, roots, replies }) {
      const ids = [];
      for (const [n, text] of [...roots].reverse().entries()) ids.push((await write(text, people[(n + 2) % 5])).id);
      const [, second, first] = ids;
      const answer = await write(replies[0], people[1], first);
      await write(replies[1], people[0], answer.id);
      await write(replies[3], people[3], second);
      return ids;
    },
    async then(it) {
      const top = it.block.locator('article').first();
      await top.locator('.vote.up').click();
      await top.locator('.vote.up[aria-pressed="true"]').waitFor();
      await top.getByRole('button').nth(3).click();
      await top.locator('.reaction').first().click();
      await top.locator('.reaction[aria-pressed="true"]').waitFor();
      await top.getByRole('button', { expanded: true }).first().click();
    },
  },
  deep: {
    async there(write, { people, roots, replies }) {
      let at = await write(roots[0], people[0]);
      for (let n = 0; n < 9; n += 1) at = await write(replies[n % 4], people[(n + 1) % 5], at.id);
      await write(`${roots[1]} `.repeat(12), people[2]);
    },
    async then(it) {
      await it.block.locator('.list > li > .more:visible').click();
      await it.block.locator('article').nth(8).waitFor();
    },
  },
  folded: {
    async there(write, { people, roots, replies }) {
      const root = await write(roots[1], people[0]);
      for (const text of replies) await write(text, people[1], root.id);
      await write(`${roots[0]} `.repeat(16), people[3]);
    },
    async then(it) {
      await it.block.locator('.body + .more:visible').waitFor();
      await it.block.locator('.actions [aria-expanded="true"]:visible').click();
    },
  },
  error: {
    rules: { policy: { fields: { name: 'required', email: 'required', website: 'optional' } } },
    async then(it, { draft }) {
      const text = it.block.locator('textarea');
      await text.fill(draft);
      await it.block.locator('.who input').first().waitFor();
      await it.block.locator('.send').click();
      await it.block.locator('[aria-invalid="true"]').first().waitFor();
    },
  },
  reply: {
    async there(write, { people, roots }) {
      await write(roots[1], people[2]);
    },
    async then(it, { draft }) {
      await it.block.locator('.actions [aria-expanded="false"]:visible').first().click();
      await it.block.locator('article textarea').fill(draft);
    },
  },
  pending: {
    rules: { policy: { moderation: 'pre' } },
    async there(write, { people, roots }, approve) {
      await approve(await write(roots[2], people[3]));
    },
    async then(it, { held }) {
      await it.block.locator('textarea').fill(held);
      await it.block.locator('.send').click();
      await it.block.locator('.waiting').first().waitFor();
      await it.block.locator('.pending:not([aria-busy])').first().waitFor();
    },
  },
  offline: {
    async there(write, { people, roots }) {
      await write(roots[2], people[4]);
    },
    async then(it) {
      await it.page.route(`${origin}/v1/**`, (route) => route.abort());
      await it.page.evaluate(() => {
        for (const state of ['hidden', 'visible']) {
          Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
          document.dispatchEvent(new Event('visibilitychange'));
        }
      });
      await it.block.locator('.outage:visible').waitFor();
    },
  },
  foreign: {
    async there(write, { people, roots }) {
      await write(roots[2], people[0]);
    },
    async then(it, { draft }) {
      const found = { request: '019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071', name: 'Dolores Ibárruri', address: 'd…@verwaltungsgemeinschaft.example.org' };
      await it.page.route(`${origin}/v1/identity/email/look`, (route) => route.fulfill({ json: found }));
      // Somebody already, by a vote.
      await it.block.locator('.vote.up').click();
      await it.block.locator('.vote.up[aria-pressed="true"]').waitFor();
      await it.block.locator('textarea').fill(draft);
      await it.page.evaluate(() => (location.hash = '#postil-sign-in=x'));
      await it.block.locator('.asks:focus').waitFor();
    },
  },
  outage: { down: true },
  closed: { closed: true },
  signin: {
    rules: { policy: { guests: false, email_sign_in: true } },
    async then(it) {
      await it.block.locator('.enter button').nth(1).click();
      await it.block.locator('.enter input').waitFor();
    },
  },
};

/**
 * Opens a page that shows a state.
 * @param {import('playwright-core').Browser} browser
 * @param {import('./publisher.mjs').Publisher} publisher
 * @param {keyof STATES} name
 * @param {{locale?: string, settings?: object}} [o]
 */
export async function show(browser, publisher, name, { locale = 'en', settings } = {}) {
  const { rules, there, then, down, closed } = STATES[name];
  const words = TALK[locale] ?? TALK.en;
  const site = await publisher.site({ locale, ...rules });
  const dir = locale === 'ar' ? 'rtl' : 'ltr';
  const url = publisher.page(`<postil-thread site="${site}"></postil-thread>`, { head: LOOK, lang: `${locale}" dir="${dir}` });
  const write = (body, author, parent) => comment(site, url, body, { author: { name: author }, parent_id: parent });
  const approve = ({ id }) => administer('POST', 'moderation/actions', { action: 'approve', ids: [id] });
  await there?.(write, words, approve);
  if (closed) await administer('PUT', 'moderation/threads', { site, url, state: 'closed' });
  const it = await Window.open(browser, url, {
    settings,
    prepare: async (context) => {
      if (down) await context.route(`${origin}/v1/**`, (route) => route.abort());
    },
  });
  it.block = it.page.locator('postil-thread');
  await it.block.locator(down ? '.outage' : '#heading').first().waitFor();
  await then?.(it, words);
  return it;
}
