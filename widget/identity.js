// Who the reader is to the service: a token kept per service and site, made only once the reader acts. A guest's has a place
// of its own, which nobody takes who signs in: whoever signs out is the guest again.

// Private windows and strict settings refuse storage; then the identity lasts as long as the page.
const memory = new Map();

/** What is kept there, if it can be that. Read anew each time, since another tab may have changed it. */
function read(key) {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(key));
  } catch {}
  // The page's own scripts reach what is stored; what cannot be a token would fail in every request.
  return kept?.person && /^[\w.-]+$/.test(kept.token) ? kept : memory.get(key);
}

export class Identity {
  #guest;
  #member;
  #sso;

  /**
   * @param {string} service
   * @param {string} site
   * @param {string} [sso] the address that vouches for the reader: whom another address brought in is somebody else
   */
  constructor(service, site, sso) {
    this.#guest = `postil:${service}:${site}`;
    this.#member = `${this.#guest}:in`;
    this.#sso = sso;
  }

  /** `{token, person: {id, name, kind}}` of who acts: whoever is signed in, else the guest, else null. */
  get held() {
    const kept = read(this.#member);
    // A guest stays one where nobody vouches, and until somebody does.
    return kept && (kept.person.kind !== 'sso' || kept.sso === this.#sso) ? kept : this.guest;
  }

  /** The same of the guest, also while somebody is signed in. */
  get guest() {
    const kept = read(this.#guest);
    return kept?.person.kind === 'guest' ? kept : null;
  }

  hold(token, person) {
    // Who becomes known by writing is a guest; the author of a comment does not say so.
    const { id, name = null, kind = 'guest' } = person;
    const key = kind === 'guest' ? this.#guest : this.#member;
    const kept = { token, person: { id, name, kind }, sso: this.#sso };
    memory.set(key, kept);
    try {
      localStorage.setItem(key, JSON.stringify(kept));
    } catch {}
  }

  /** Forgets whoever was held by this token, and nobody else who took their place meanwhile. */
  forget({ token }) {
    for (const key of [this.#guest, this.#member]) {
      if (read(key)?.token !== token) continue;
      memory.delete(key);
      try {
        localStorage.removeItem(key);
      } catch {}
    }
  }
}
