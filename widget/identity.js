// Who the reader is to the service: a token kept per service and site, made only once the reader acts.

// Private windows and strict settings refuse storage; then the identity lasts as long as the page.
const memory = new Map();

export class Identity {
  #key;
  #sso;

  /**
   * @param {string} service
   * @param {string} site
   * @param {string} [sso] the address that vouches for the reader: whom another address brought in is somebody else
   */
  constructor(service, site, sso) {
    this.#key = `postil:${service}:${site}`;
    this.#sso = sso;
  }

  /** `{token, person: {id, name, kind}}` or null. Read anew each time, since another tab may have changed it. */
  get held() {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(this.#key));
    } catch {}
    // The page's own scripts reach what is stored; what cannot be a token would fail in every request.
    if (!kept?.person || !/^[\w.-]+$/.test(kept.token)) kept = memory.get(this.#key);
    // A guest stays one where nobody vouches, and until somebody does.
    return kept && (kept.person.kind !== 'sso' || kept.sso === this.#sso) ? kept : null;
  }

  hold(token, person) {
    const { id, name = null, kind } = person;
    const kept = { token, person: { id, name, kind }, sso: this.#sso };
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
