// What the tests of writing share: a page of its own for each, and the parts of a form.

import { serviceUrl, Window } from './harness.mjs';

export const TIMEOUT = { timeout: 60_000 };
export const { origin } = serviceUrl();
const run = Date.now().toString(36);
let pages = 0;

/** The service's word for a failure, as it would come. */
export const problem = (status, code, { detail = code, errors, retryAfter } = {}) => ({
  status,
  contentType: 'application/problem+json',
  headers: retryAfter ? { 'Retry-After': String(retryAfter) } : {},
  body: JSON.stringify({ type: `/problems/${code}`, title: code, status, detail, code, errors, request_id: 'test' }),
});

/** A window on a thread of its own (or on that of `path`), with what a writer touches. */
export class Desk extends Window {
  static async at(browser, { path = `/demo/${run}-${process.pid}-${(pages += 1)}.html`, attributes = '', prepare, ...options } = {}) {
    const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title><meta name="viewport" content="width=device-width">
      <link rel="icon" href="data:,"><script type="module" src="/postil.js"></script></head>
      <body><main><postil-thread site="demo" ${attributes}></postil-thread></main></body></html>`;
    let context;
    const it = await Window.open(browser, path, {
      ...options,
      prepare: async (given) => {
        context = given;
        await context.route(`${origin}${path}*`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
        await prepare?.(context);
      },
    });
    return Object.assign(Object.setPrototypeOf(it, Desk.prototype), { path, context });
  }

  /** Another tab of the same browser on the same page. */
  async beside() {
    const page = await this.context.newPage();
    await page.goto(`${origin}${this.path}`);
    return Object.assign(Object.create(Desk.prototype), { ...this, page });
  }

  get text() {
    return this.thread.getByRole('textbox', { name: 'Your comment', exact: true });
  }

  get name() {
    return this.thread.getByRole('textbox', { name: /^Name/ });
  }

  get send() {
    return this.thread.locator('.write').getByRole('button', { name: /^Send/ });
  }

  /** A comment that the service has. */
  posted(words) {
    return this.thread.locator('article:not([aria-busy])').filter({ hasText: words });
  }

  async write(words) {
    await this.ready();
    await this.text.fill(words);
    await this.send.click();
    await this.posted(words).waitFor();
  }

  /** The whole form is here. */
  async ready() {
    await this.thread.getByRole('button', { name: 'Preview' }).first().waitFor();
  }

  async reload() {
    await this.page.reload();
    await this.approach();
    await this.ready();
  }

  /** What is focused, within the block. */
  focused() {
    return this.page.evaluate(() => {
      const { activeElement: at } = document.querySelector('postil-thread').shadowRoot;
      return at && (at.getAttribute('aria-label') || at.labels?.[0]?.textContent || at.textContent);
    });
  }

  /** How many comments of these words the service has. */
  async kept(words) {
    const query = new URLSearchParams({ site: 'demo', url: `${origin}${this.path}`, limit: 100 });
    const { comments } = await (await fetch(`${origin}/v1/threads?${query}`)).json();
    return comments.items.filter((one) => one.body_html?.includes(words)).length;
  }
}
