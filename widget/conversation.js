// Runs one thread on one element: fetches, keeps the model, tells the view, hears the stream.

import { randomKey } from './api.js';
import { fill, focused, h, set, setServerHtml } from './dom.js';
import { explain, form } from './form.js';
import { filter, has, map } from './lists.js';
import { parts } from './parts.js';
import { PLANTED } from './place.js';
import { isolated } from './phrases.js';
import { Thread } from './thread.js';
import { BlockView, outage } from './view.js';
import { dress } from './style.js';
import { clock } from './time.js';
import { visit } from './visits.js';
import { knownLocale, voice, words } from './languages.js';

const AGEING = 30_000;
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 60_000;
const idle = window.requestIdleCallback ?? setTimeout;

export class Conversation {
  #show;
  #live = null;
  #seen = false;
  #timer = null;
  #over = false;
  #opening = false;
  #line = null;
  #wait = FIRST_WAIT;
  #since;
  #code = null;
  // Changes that arrive while a comment is being sent: among them may be that very comment, before its own answer.
  #sending = 0;
  #held = [];
  #adornments = [];
  #inline = null;
  #ended = new AbortController();

  // For the parts: these change when the thread is read anew, so they are to be asked for each time.
  /** @type {import('./thread.js').Thread} */
  model = null;
  /** @type {BlockView} */
  view = null;
  t;
  clock;
  part = parts({ h, fill, focused, set, setServerHtml, dress, form, filter, has, map, explain, isolated, randomKey, conversation: this });
  /** Aborted when the block leaves the page, or is to show another thread. */
  ended = this.#ended.signal;

  /**
   * @param {import('./api.js').Client} client
   * @param {{site: string, url: string, key?: string, title?: string, sort?: string, locale?: string, level: number}} place the
   *   page as the service knows it, and the level that its heading has here
   * @param {(content: Node, said: {locale: string, dir: string}) => void} show puts the block on the page
   * @param {(type: string, detail: object) => boolean} emit whether nobody wants to do themselves what follows
   */
  constructor(client, place, show, emit) {
    this.client = client;
    this.place = place;
    this.#show = show;
    this.emit = emit;
    client.lost = () => this.known();
    // Its words, where the block has none.
    client.heard = ({ code, status }) => /403|409|422/.test(status) && this.t?.(`error.${code}`) === '' && this.part('refuse').catch(() => {});
    addEventListener('hashchange', this.#seek);
  }

  async open() {
    if (this.#opening) return;
    this.#opening = true;
    clearTimeout(this.#timer);
    this.#seek();
    const language = knownLocale(this.place.locale);
    // Under way while the page is.
    words(language);
    let led;
    try {
      const page = await this.client.page(this.place);
      // Who pressed "try again" is led to what comes in place of it.
      led = this.#line?.matches(':focus-within');
      // What cannot be drawn was no answer of the service's.
      await this.#draw(page);
    } catch (error) {
      this.#opening = false;
      led = this.#line?.matches(':focus-within');
      const said = await voice(language);
      if (this.#over) return;
      this.#line = outage(said.t, error, () => this.open());
      this.#show(this.#line, said);
      const again = this.#line.querySelector('button');
      if (led) again?.focus();
      if (again) this.#timer = setTimeout(() => this.open(), this.#wait * (0.75 + Math.random() / 2));
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
      this.#trouble(error);
      return;
    }
    if (this.#over) return;
    if (led) this.view.focusHeading();
    this.emit('ready', { thread: this.model.info });
    this.#listen();
    await this.#seek();
    await this.#loadOverlay();
  }

  /** Whether the reader has the block before them; if not, nothing need be heard at once. */
  attend(seen) {
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#live?.look();
    this.#prepare();
    this.#visit();
  }

  /** Most who write read first: when they begin, what they need is here. */
  #prepare() {
    if (this.#seen && this.view) idle(() => this.view.prepare());
  }

  /** What is new since the last visit is marked, once the reader sees the block. */
  #visit() {
    if (!this.#seen || !this.view) return;
    this.#since ??= [visit(this.model.info.id, Date.now() + this.client.skew)];
    [this.model.since] = this.#since;
    this.view.sync();
  }

  close() {
    this.#over = true;
    this.#ended.abort();
    this.#live?.stop();
    clearInterval(this.#timer);
    removeEventListener('hashchange', this.#seek);
  }

  async #draw(page) {
    const said = await voice(knownLocale(this.place.locale, page.policy.locale), page.policy.phrases);
    if (this.#over) return;
    const at = this.view && focused(this.view.element);
    const order = this.model?.sort ?? this.place.sort;
    this.t = said.t;
    const written = this.model?.written;
    this.model = new Thread(page, order);
    if (written) this.model.written = written;
    this.model.person = this.client.reader;
    const { exact, ago } = clock(said.locale, this.t('now'));
    const now = () => Date.now() + this.client.skew;
    this.clock = { exact, now, ago: (iso) => ago(iso, now()) };
    this.view = new BlockView(this.model, {
      t: this.t,
      clock: this.clock,
      level: this.place.level,
      act: this.#actions(),
      part: this.part,
      adornments: this.#adornments,
      before: this.view,
    });
    this.view.sync();
    this.#show(this.view.element, said);
    // Who is writing goes on writing, though the form has moved.
    if (at?.isConnected) at.focus({ preventScroll: true });
    this.#prepare();
    this.#visit();
    // Notes beside the text, where there are any or may be.
    if (page.passages.length || page.policy.passages !== 'off' || document.querySelector(PLANTED)) {
      idle(async () => (this.#inline = await this.part('inline').catch(() => null))?.attach());
    }
  }

  async #listen() {
    const { id } = this.model.info;
    this.#timer = setInterval(() => document.visibilityState === 'visible' && this.view.age(), AGEING);
    // Without it the thread is as it was when it was read.
    const live = await this.part('live').catch(() => null);
    if (this.#over) return;
    this.#live = live?.({
      url: () => this.client.eventsUrl(id, this.model.version),
      ask: () => this.client.changes(id, this.model.version),
      change: (change) => this.#hear(change),
      resync: () => this.#reload(),
      heard: (heard) => this.view.hear(heard),
      seen: () => this.#seen,
    });
    this.#live?.start();
  }

  async #loadOverlay(again) {
    // Without an overlay the thread still reads and writes; only one's own marks are missing.
    const attempt = (work) =>
      work.catch((error) => {
        if (error.code === 'sso') this.view.fail(this.t('error.sso'));
        this.#trouble(error);
      });
    await attempt(this.client.signOn(again));
    const me = await attempt(this.client.me(this.model.info.id));
    if (this.#over) return;
    if (me) this.model.overlay(me);
    else this.model.person = this.client.reader;
    this.view.sync();
    this.#prepare();
    const look = (name, wanted) => wanted && this.part(name).then((it) => it.look()).catch((error) => this.#trouble(error));
    look('moderate', has(['moderator', 'admin'], me?.person?.role));
    const { model } = this;
    look('mail', !model.policy.guests || (model.person && model.person.kind !== 'guest'));
  }

  /** The reader is somebody else from now on: what was only theirs goes with who they were. `again` asks the page who they are. */
  known(again) {
    return this.#reload(again);
  }

  #trouble({ code = 'unavailable', status, message }) {
    this.emit('error', { code, status, message });
  }

  /** The log no longer reaches back to what we know: begin anew, without losing what is being written. */
  async #reload(again) {
    try {
      await this.#draw(await this.client.page({ ...this.place, sort: this.model.sort }));
      if (!this.#over) await this.#loadOverlay(again);
    } catch (error) {
      this.#trouble(error);
    }
  }

  #hear(change) {
    if (this.#sending) {
      this.#held[this.#held.length] = change;
      return;
    }
    this.model.apply(change);
    this.#live.steadily(() => this.view.sync());
    this.#inline?.hear(change);
    this.#live.tell();
  }

  /** Holds back what the stream tells until this work is done, which may be the same. */
  async quietly(work) {
    this.#sending += 1;
    try {
      return await work();
    } finally {
      this.#sending -= 1;
      if (!this.#sending) {
        const held = this.#held;
        this.#held = [];
        for (const change of held) this.#hear(change);
      }
    }
  }

  #actions() {
    const client = this.client;
    const fetching = (work) => async (...given) => {
      this.view.fail(null);
      const at = focused(this.view.element);
      try {
        const first = await work(...given);
        this.view.sync();
        // Who went on to something else meanwhile is left there.
        if (first && has([at, null], focused(this.view.element))) this.view.comment(first)?.focus();
      } catch (error) {
        this.view.order.value = this.model.sort;
        this.view.fail(error.detail || this.t('unavailable'));
      }
    };
    return {
      sortBy: fetching(async (sort) => {
        const { model } = this;
        const list = await client.comments(model.info.id, { sort, ...model.only });
        // The order that was chosen last is the one that counts.
        if (this.view.order.value === sort) model.show(list, sort);
      }),
      more: fetching(async () => {
        const { model } = this;
        const { info, sort, next, only } = model;
        const list = await client.comments(info.id, { sort, after: next, ...only });
        // Meanwhile the list may have become another, to which this page does not belong.
        return model.next === next ? model.extend(list)[0] : null;
      }),
      moreReplies: fetching(async (id) => {
        const cursor = this.model.cursor(id);
        return this.model.extendReplies(id, await client.replies(id, cursor))[0];
      }),
      showFresh: fetching(async () => this.model.showFresh()[0]),

      listen: () => this.#live.hurry(),
    };
  }

  /** What the page's address asks for: a comment, or to sign in. Parts of their own see to it, once the block is there. */
  #seek = async () => {
    const [, id, code] = /^#postil-(?:([0-9a-f-]{36})$|sign-in=(.*))/.exec(location.hash) ?? [];
    if (code) {
      // It is good once, and nobody's business.
      history.replaceState(history.state, '', location.href.replace(/#.*/, ''));
      this.#code = code;
    }
    if (!this.view) return;
    // What does not come leaves the reader at the block.
    if (id) this.part('seek').then((seek) => seek(id)).catch(() => {});
    const brought = this.#code;
    this.#code = null;
    if (brought) await this.part('mail').then((mail) => mail.redeem(brought), (error) => this.view.fail(explain(this.t, error)));
  };
}
