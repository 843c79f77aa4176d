// A real Chromium on the service named by POSTIL_URL. Windows are watched: what they complain of, where they ask.

import { chromium } from 'playwright-core';

// As root there is no sandbox; the rest keeps the browser from calling home, which would drown what we watch for.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PATIENCE = 15_000;

/** Where the service is. */
export function serviceUrl() {
  const url = process.env.POSTIL_URL;
  if (!url) throw new Error('POSTIL_URL must name a running service, e.g. http://127.0.0.1:8080');
  return new URL(url);
}

/** Starts the browser: `CHROMIUM`, or the one Debian installs. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    headless: true,
    args: ARGS,
    timeout: 60_000,
  });
}

/** One reader's window: storage of its own, and a record of everything that should not happen in it. */
export class Window {
  /** Console errors and uncaught exceptions. */
  errors = [];
  /** Addresses asked for that are not the service's. */
  foreign = [];
  /** How often the window went to a page. */
  loads = 0;

  /**
   * Opens a page and scrolls to the block, which loads nothing before it is near.
   * @param {object} [o]
   * @param {(context: import('playwright-core').BrowserContext) => Promise<void>} [o.prepare] before the page is loaded
   * @param {boolean} [o.approach] whether to scroll
   * @param {object} [o.settings] of Playwright's context
   */
  static async open(browser, path, { prepare, approach = true, settings } = {}) {
    const service = serviceUrl();
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1000, height: 1400 }, ...settings });
    context.setDefaultTimeout(PATIENCE);
    const it = new Window();
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== service.origin && !['data:', 'blob:'].includes(url.protocol)) it.foreign.push(url.href);
    });
    it.page = await context.newPage();
    it.page.on('console', (message) => {
      if (message.type() === 'error') it.errors.push(`${message.text()} (${message.location().url})`);
    });
    it.page.on('pageerror', (error) => it.errors.push(String(error)));
    it.page.on('framenavigated', (frame) => {
      if (frame === it.page.mainFrame()) it.loads += 1;
    });
    await prepare?.(context);
    await it.page.goto(new URL(path, service).href);
    if (approach) await it.approach();
    return it;
  }

  /** Scrolls to the (first) block. */
  approach() {
    return this.page.locator('postil-thread').first().evaluate((element) => element.scrollIntoView());
  }

  /** The widget's block. Roles and labels are looked up through its open shadow root. */
  get thread() {
    return this.page.getByRole('region', { name: 'What do you think?' });
  }

  /** The comments on show. */
  get comments() {
    return this.thread.getByRole('article');
  }

  /** The comment that holds these words. */
  comment(words) {
    return this.comments.filter({ hasText: words });
  }
}
