// Hears what changes in a thread: by the stream where it works, by asking now and then where it does not.
// Only while both page and block are visible, and only so many at a time: browsers allow six connections to one host over
// HTTP/1.1, for all tabs and windows together.

const TYPES = ['comment.created', 'comment.updated', 'comment.deleted', 'thread.updated', 'passage.updated'];
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 60_000;
const OPEN_WITHIN = 10_000;
const STREAMS = 4;

/** @returns {(on: object) => Live} */
export const begin = () => (on) => new Live(on);

class Live {
  #source = null;
  #timer = null;
  #leave = null;
  #wait = FIRST_WAIT;
  #wanted = false;
  #run = 0;
  #on;

  /**
   * @param {object} on
   * @param {() => string} on.url the stream's address, from the version known now
   * @param {() => Promise<{items: object[], next: string|null}>} on.ask what changed since the version known now
   * @param {(change: object) => void} on.change
   * @param {() => void} on.resync the log no longer reaches back to what we know
   * @param {(heard: boolean) => void} on.heard whether the service answers
   * @param {() => boolean} on.seen whether the reader has the block before them
   */
  constructor(on) {
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
    this.#rest();
  }

  /** Listens, or no longer, as the reader sees the block now. */
  look = () => {
    this.#rest();
    if (this.#attended) this.#listen();
  };

  get #attended() {
    return this.#wanted && this.#on.seen() && document.visibilityState === 'visible';
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
      this.#on.change(JSON.parse(data));
    } catch {
      // What cannot be understood is read anew.
      this.#resync();
    }
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
        for (const change of page.items) this.#on.change(change);
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

  #resync = () => {
    this.#rest();
    this.#on.resync();
  };
}
