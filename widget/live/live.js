// Hears what changes in a thread: by the stream where it works, by asking now and then where it does not.
// Only while both page and block are visible, and only so many at a time: browsers allow six connections to one host over
// HTTP/1.1, for all tabs and windows together.

const TYPES = ['comment.created', 'comment.updated', 'comment.deleted', 'thread.updated', 'thread.reset', 'passage.updated'];
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 60_000;
const OPEN_WITHIN = 10_000;
const STREAMS = 4;
// How often the words for a number that grows are said.
const SPARING = 20_000;

/** @returns {(on: object) => Live} */
export const begin = ({ conversation }) => (on) => new Live(conversation, on);

class Live {
  #source = null;
  #timer = null;
  #leave = null;
  #wait = FIRST_WAIT;
  #wanted = false;
  #anew = false;
  #run = 0;
  #told = 0;
  #telling = null;
  #conversation;
  #on;

  /**
   * @param {import('../conversation.js').Conversation} conversation
   * @param {object} on
   * @param {() => string} on.url the stream's address, from the version known now
   * @param {() => Promise<{items: object[], next: string|null}>} on.ask what changed since the version known now
   * @param {(change: object) => void} on.change
   * @param {() => Promise<void>} on.resync the log no longer reaches back to what we know: all is to be read anew
   * @param {(heard: boolean) => void} on.heard whether the service answers
   * @param {() => boolean} on.seen whether the reader has the block before them
   */
  constructor(conversation, on) {
    this.#conversation = conversation;
    this.#on = on;
  }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    document.addEventListener('visibilitychange', this.look);
    addEventListener('pageshow', this.look);
    addEventListener('online', this.hurry);
    addEventListener('pagehide', this.#rest);
    this.look();
  }

  stop() {
    this.#wanted = false;
    document.removeEventListener('visibilitychange', this.look);
    removeEventListener('pageshow', this.look);
    removeEventListener('online', this.hurry);
    removeEventListener('pagehide', this.#rest);
    clearTimeout(this.#telling);
    this.#rest();
  }

  /** Listens, or no longer, as the reader sees the block now. */
  look = () => {
    this.#rest();
    if (this.#attended) this.#listen();
  };

  get #attended() {
    return this.#wanted && !this.#anew && this.#on.seen() && document.visibilityState === 'visible';
  }

  /** Asks at once for what was missed. */
  hurry = () => {
    this.#rest();
    if (this.#attended) this.#catchUp(this.#run);
  };

  #rest = () => {
    this.#run += 1;
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#leave?.();
    this.#leave = null;
  };

  /** Takes one of the places that all windows share, where the browser lets them; without one, asks now and then. */
  async #listen() {
    const run = this.#run;
    const { locks } = navigator;
    let free = !locks;
    for (let place = 0; place < STREAMS && !free; place += 1) free = await this.#enter(locks, `postil:${place}`, run);
    if (run !== this.#run) return;
    if (free) this.#open();
    else this.#later();
  }

  #enter(locks, name, run) {
    return new Promise((tell) => {
      const held = (lock) => {
        tell(!!lock);
        // Kept until it is let go; what came too late is let go at once.
        if (lock && run === this.#run) return new Promise((leave) => (this.#leave = leave));
      };
      // A page without an origin of its own may not have locks.
      locks.request(name, { ifAvailable: true }, held).catch(() => tell(true));
    });
  }

  #open() {
    const source = new EventSource(this.#on.url());
    this.#source = source;
    // Some proxies hold a stream back for ever without an error.
    this.#timer = setTimeout(() => this.#later(), OPEN_WITHIN);
    source.onopen = () => {
      clearTimeout(this.#timer);
      this.#wait = FIRST_WAIT;
      this.#on.heard(true);
    };
    source.onerror = () => this.#later();
    source.addEventListener('resync', this.#resync);
    for (const type of TYPES) source.addEventListener(type, (event) => this.#hear(event.data));
  }

  #hear(data) {
    try {
      if (this.#take(JSON.parse(data))) return;
    } catch {
      // What cannot be understood is read anew.
    }
    this.#resync();
  }

  /** Hands a change on; false when the thread is to be read anew instead. */
  #take(change) {
    if (change.type === 'thread.reset') return false;
    this.#on.change(change);
    return true;
  }

  #later() {
    this.#rest();
    const run = this.#run;
    this.#timer = setTimeout(() => this.#catchUp(run), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  async #catchUp(run) {
    try {
      let next;
      do {
        const page = await this.#on.ask();
        if (run !== this.#run) return;
        this.#on.heard(true);
        for (const change of page.items) if (!this.#take(change)) return this.#resync();
        next = page.next;
      } while (next);
    } catch (error) {
      if (run !== this.#run) return;
      if (error.code === 'resync') return this.#resync();
      this.#on.heard(false);
      this.#later();
      return;
    }
    this.#listen();
  }

  /** Says how many comments wait: at once, and then now and then, or a lively thread would never be silent. */
  tell() {
    const { model, view, t } = this.#conversation;
    const waiting = model.fresh.length;
    this.#told = Math.min(this.#told, waiting);
    if (waiting === this.#told || this.#telling) return;
    this.#told = waiting;
    view.announce(t('fresh', { n: waiting }));
    this.#telling = setTimeout(() => {
      this.#telling = null;
      this.tell();
    }, SPARING);
  }

  /** Changes the page without moving what is being read; most browsers see to that themselves. */
  steadily(change) {
    if (CSS.supports('overflow-anchor', 'auto')) return change();
    let read;
    const top = () => read?.getBoundingClientRect().top;
    for (const article of this.#conversation.view.element.querySelectorAll('article')) {
      if (!read && article.getBoundingClientRect().bottom > 0) read = article;
    }
    const before = top();
    change();
    if (read?.isConnected) scrollBy(0, top() - before);
  }

  // What is read anew may be as old as before, from a cache, or not come: another try waits.
  #resync = async () => {
    this.#rest();
    this.#anew = true;
    await this.#on.resync();
    this.#anew = false;
    if (this.#attended) this.#later();
  };
}
