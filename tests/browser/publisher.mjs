// A publisher of our own: pages on an origin that is not the service's, with headers, styles and scripts as they please,
// and sites of the service that these pages belong to.

import { createServer } from 'node:http';
import { serviceUrl } from './harness.mjs';

const TOKEN = process.env.POSTIL_TOKEN;
const service = serviceUrl().origin;
// Words of this run alone, so that it may be repeated on the same database.
export const run = Date.now().toString(36);
let sites = 0;

/** Calls the API as an administrator does, with the token in POSTIL_TOKEN. */
export async function administer(method, path, body) {
  if (!TOKEN) throw new Error('POSTIL_TOKEN must hold an administrator\'s token: postil token add --role admin --name tests');
  const response = await fetch(`${service}/v1/${path}`, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Pages at addresses of their own: `pages.set('/path', {head, markup, headers})`. */
export class Publisher {
  pages = new Map();
  #server;

  static async open() {
    const it = new Publisher();
    it.#server = createServer((request, response) => it.#answer(request, response));
    await new Promise((done) => it.#server.listen(0, '127.0.0.1', done));
    it.origin = `http://127.0.0.1:${it.#server.address().port}`;
    return it;
  }

  close() {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(done));
  }

  /**
   * A site of this publisher's, with the rules given: its slug. The same words may be written on it again and again, and what readers
   * say that they quote is believed, since many of these pages are made by scripts.
   */
  async site({ policy, ...rules } = {}) {
    const slug = `p${run}-${(sites += 1)}`;
    const all = { slug, name: slug, origins: [this.origin], locale: 'en', policy: { hold_repeats: false, quotations: 'trusted', ...policy }, ...rules };
    await administer('POST', 'sites', all);
    return slug;
  }

  /** The address of a new page that includes the script. */
  page(markup, { head = '', headers = {}, lang = 'en' } = {}) {
    const path = `/${run}-${this.pages.size}.html`;
    const around = (body) => `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>A page</title>
      <meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">${head}
      <script type="module" src="${service}/postil.js"></script></head><body><main>${body}</main></body></html>`;
    this.pages.set(path, { html: around(markup), headers, around });
    return `${this.origin}${path}`;
  }

  /** Puts something else on a page that there is. */
  edit(url, markup) {
    const page = this.pages.get(new URL(url).pathname);
    page.html = page.around(markup);
  }

  #answer({ url }, response) {
    const page = this.pages.get(new URL(url, this.origin).pathname);
    if (!page) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...page.headers }).end(page.html);
  }
}

/** A comment as a guest writes it, straight to the service: what it answers. */
export async function comment(site, url, body, more = {}) {
  const response = await fetch(`${service}/v1/comments`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify({ site, url, body, author: { name: 'Ada' }, ...more }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}
