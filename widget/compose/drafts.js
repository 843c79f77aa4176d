// What was written and not sent, kept on this device for each thread and place in it. The page shares its storage with us, so
// little is kept, and not for long. Where storage is full or refused, a draft lasts as long as the page does.

const NAME = 'postil-draft:';
const DAYS_30 = 30 * 86_400_000;
const MOST = 20;
const MOST_CHARACTERS = 200_000;
const LONGEST = 100_000;
// What storage has no place for: here it outlives the block, which a page may take out and put in again.
const unstored = new Map();

export class Drafts {
  #prefix;
  #randomKey;
  #now;
  #storage;
  #held = new Map();

  /**
   * @param {string} thread what tells this thread's drafts from those of others
   * @param {() => string} randomKey
   * @param {() => number} [now]
   */
  constructor(thread, randomKey, now = Date.now) {
    this.#prefix = `${NAME}${thread}:`;
    this.#randomKey = randomKey;
    this.#now = now;
    this.#quietly(() => (this.#storage = localStorage));
    this.#tidy();
  }

  /**
   * The draft of a target, or undefined.
   * @param {string} target
   * @returns {{id: string, text: string, at: number}|undefined}
   */
  get(target) {
    const key = this.#prefix + target;
    return this.#held.get(target) ?? unstored.get(key) ?? this.#read(key) ?? undefined;
  }

  /** Keeps what is being written; nothing of it is nothing to keep. */
  keep(target, text) {
    const known = this.get(target);
    if (!text.trim()) return this.drop(target);
    const draft = { id: known?.id ?? this.#randomKey(), text, at: this.#now() };
    this.#held.set(target, draft);
    const key = this.#prefix + target;
    unstored.set(key, draft);
    if (text.length > LONGEST) return;
    this.#quietly(() => {
      this.#storage.setItem(key, JSON.stringify(draft));
      unstored.delete(key);
    });
    if (!known) this.#tidy();
  }

  /** Forgets a draft, but not what another window has begun in its place. */
  drop(target) {
    const id = this.#held.get(target)?.id;
    this.#held.delete(target);
    const key = this.#prefix + target;
    unstored.delete(key);
    if (!id || this.#read(key)?.id === id) this.#quietly(() => this.#storage.removeItem(key));
  }

  /** Which attempt this is: the same entry of the same draft has the same key, so that it is posted once, also after a reload. */
  key(target, entry) {
    let mark = 2_166_136_261;
    for (const char of entry) mark = Math.imul(mark ^ char.codePointAt(0), 16_777_619);
    return `${this.get(target)?.id ?? this.#randomKey()}-${(mark >>> 0).toString(36)}`;
  }

  #read(key) {
    const draft = this.#quietly(() => JSON.parse(this.#storage.getItem(key)));
    return typeof draft?.text === 'string' && draft.at > this.#now() - DAYS_30 ? draft : null;
  }

  /** Of all threads, the youngest stay. */
  #tidy() {
    this.#quietly(() => {
      let number = 0;
      let characters = 0;
      let oldest = null;
      for (const key of Object.keys(this.#storage)) {
        if (!key.startsWith(NAME)) continue;
        const draft = this.#read(key);
        if (!draft) this.#storage.removeItem(key);
        else {
          number += 1;
          characters += draft.text.length;
          if (!oldest || draft.at < oldest.at) oldest = { key, at: draft.at };
        }
      }
      if (number <= MOST && characters <= MOST_CHARACTERS) return;
      this.#storage.removeItem(oldest.key);
      this.#tidy();
    });
  }

  #quietly(work) {
    try {
      return work();
    } catch {
      return null;
    }
  }
}
