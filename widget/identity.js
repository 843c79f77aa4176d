// Who the reader is to the service: a token kept per service and site, made only once the reader acts.

// Private windows and strict settings refuse storage; then the identity lasts as long as the page.
const memory = new Map();

export class Identity {
  #key;

  constructor(service, site) {
    this.#key = `postil:${service}:${site}`;
  }

  /** `{token, person: {id, name}}` or null. Read anew each time, since another tab may have changed it. */
  get held() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key));
      if (kept?.token) return kept;
    } catch {}
    return memory.get(this.#key) ?? null;
  }

  hold(token, person) {
    const kept = { token, person: { id: person.id, name: person.name ?? null } };
    memory.set(this.#key, kept);
    try {
      localStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {}
  }

  forget() {
    memory.delete(this.#key);
    try {
      localStorage.removeItem(this.#key);
    } catch {}
  }
}
