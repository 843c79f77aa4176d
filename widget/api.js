// The service's API as the widget uses it. Knows HTTP and tokens; knows nothing of the page.

const PATIENCE = 20_000;

/** Anything but a good answer. `code` is the service's own, or `offline` when no whole answer came. */
export class ApiError extends Error {
  constructor({ code, status, detail, errors, params, retryAfter }) {
    super(detail || code);
    Object.assign(this, { code, status, detail, errors, params, retryAfter });
  }
}

/** A random key; `crypto.randomUUID` is missing on pages served over plain HTTP. */
export function randomKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  let key = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) key += byte.toString(16).padStart(2, '0');
  return key;
}

export class Client {
  #service;
  #site;
  #sso;
  #asked = null;
  #guest = null;
  #renewal = null;

  /** How far the service's clock is ahead of this one, in milliseconds; nothing if that is little. */
  skew = 0;

  /** Told when whoever was signed in is so no more. */
  lost = () => {};

  /** Told of what the service refuses, before whoever asked is. */
  heard = () => {};

  /**
   * @param {string} service its address, without a slash at its end
   * @param {string} site slug
   * @param {import('./identity.js').Identity} [identity]
   * @param {string} [sso] the page's own address that answers with its JWT
   */
  constructor(service, site, identity, sso) {
    this.#service = service;
    this.#site = site;
    this.identity = identity;
    this.#sso = sso;
  }

  // What everyone sees: sent without a token, so that caches may answer.

  page({ url, key, sort }) {
    return this.read('threads', { site: this.#site, url, key, sort });
  }

  comments(thread, query) {
    return this.read(`threads/${thread}/comments`, query);
  }

  comment(id) {
    return this.read(`comments/${id}`);
  }

  replies(id, after) {
    return this.read(`comments/${id}/replies`, { after });
  }

  changes(thread, since) {
    return this.read(`threads/${thread}/changes`, { since });
  }

  counts(urls) {
    return this.read('counts', { site: this.#site, url: urls });
  }

  eventsUrl(thread, since) {
    return this.#url(`threads/${thread}/events`, { since });
  }

  // What only this reader sees and does.

  /** `{id, name, kind}` of the reader as last known here, or null. */
  get reader() {
    return this.identity.held?.person ?? null;
  }

  /** Asks the page who the reader is, if nobody has said so yet, once unless `again`; fails if its word is not good. */
  async signOn(again) {
    if (!this.#sso || this.reader?.kind === 'sso') return;
    if (again) this.#asked = null;
    await (this.#asked ??= this.#askPage());
  }

  async #askPage() {
    try {
      const answer = await fetch(this.#sso, { credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout?.(PATIENCE) });
      const jwt = (await answer.text()).trim();
      // A reader whom the page does not know either is no failure.
      if (answer.status === 401 || (answer.ok && !jwt)) return;
      if (!answer.ok) throw new ApiError(answer);
      await this.#send('POST', 'identity/sso', { body: { site: this.#site, token: jwt } });
    } catch ({ status, message }) {
      throw new ApiError({ code: 'sso', status, detail: message });
    }
  }

  /** The reader's overlay, or null for a reader the service does not know (any more). */
  async me(thread) {
    if (!this.identity.held) return null;
    try {
      const me = await this.act('GET', `threads/${thread}/me`);
      // Meanwhile another tab may have made the reader somebody else.
      if (this.reader?.id === me.person.id) this.identity.hold(this.identity.held.token, me.person);
      return me;
    } catch (error) {
      if (error.status === 401) return null;
      throw error;
    }
  }

  /**
   * Sends with the token there is; `asGuest` makes one where there is none. A token past its time is renewed once.
   * @param {string} method
   * @param {string} path below `/v1/`
   * @param {{body?: object, key?: string, asGuest?: boolean, keepalive?: boolean}} [o] the same `key` with the same `body` acts
   *   once, however often it is sent; `keepalive` sends also from a page that is being closed, where nothing can be renewed
   */
  async act(method, path, { body, key = randomKey(), asGuest, keepalive } = {}) {
    if (keepalive) return this.#send(method, path, { body, key, keepalive, token: this.identity.held?.token });
    await this.signOn().catch(() => {});
    const held = this.identity.held ?? (asGuest ? await this.#becomeGuest() : null);
    const send = (who) => this.#send(method, path, { body, key, token: who?.token });
    try {
      return await send(held);
    } catch (error) {
      if (error.status !== 401 || !held) throw error;
      const now = await this.#renew(held, error);
      // Who was signed in must not find themselves writing as a guest.
      if (held.person.kind !== 'guest' && (now?.person.kind ?? 'guest') === 'guest') {
        this.lost();
        throw error;
      }
      return send(now ?? (asGuest ? await this.#becomeGuest() : null));
    }
  }

  /** One guest, however much a reader does before the service has answered: two would count twice. */
  async #becomeGuest() {
    this.#guest ??= this.#send('POST', 'identity/guest', { body: { site: this.#site } }).finally(() => (this.#guest = null));
    await this.#guest;
    return this.identity.held;
  }

  async #renew(held, error) {
    const now = this.identity.held;
    if (now && now.token !== held.token) return now;
    this.#renewal ??= this.#refresh(held, error).finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  async #refresh(held, error) {
    try {
      if (error.code !== 'token_expired') throw error;
      await this.#send('POST', 'identity/refresh', { token: held.token });
    } catch (failure) {
      // Only the service's own word ends an identity; a dropped connection must not.
      if (failure.status !== 401) throw failure;
      this.identity.forget(held);
      await this.signOn(true);
    }
    return this.identity.held;
  }

  /** Sends what needs no token, whoever the reader is. */
  post(path, body) {
    return this.#send('POST', path, { body });
  }

  read(path, query) {
    return this.#send('GET', path, { query });
  }

  #url(path, query = {}) {
    const url = new URL(`${this.#service}/v1/${path}`);
    for (const name of Object.keys(query)) {
      const given = query[name];
      for (const value of Array.isArray(given) ? given : [given]) if (value != null) url.searchParams.append(name, value);
    }
    return url.href;
  }

  async #send(method, path, { query, body, token, key, keepalive }) {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers['Content-Type'] = 'application/json';
    if (method === 'POST') headers['Idempotency-Key'] = key ?? randomKey();
    let response;
    let answer = null;
    try {
      response = await fetch(this.#url(path, query), {
        method,
        headers,
        body: body && JSON.stringify(body),
        keepalive,
        credentials: 'omit',
        // Caches between may give what is a little old; the reader's own browser must not, or a reload would hide
        // what was just written (`stale-while-revalidate`). A page that did not change costs a 304.
        cache: 'no-cache',
        signal: AbortSignal.timeout?.(PATIENCE),
      });
      const ahead = Date.parse(response.headers.get('Date')) - Date.now();
      // An answer from a cache may be a minute old; only a clock that is plainly wrong is set right.
      this.skew = Math.abs(ahead) > 300_000 ? ahead : 0;
      if (response.status !== 204) answer = await response.json();
    } catch {
      throw new ApiError({ code: response && !response.ok ? 'unavailable' : 'offline', status: response?.status });
    }
    if (response.ok) {
      // Whatever makes the reader known to the service says so in its answer.
      if (answer?.token) this.identity.hold(answer.token, answer.person ?? answer.author);
      return answer;
    }
    const error = new ApiError({ ...answer, status: response.status, retryAfter: +response.headers.get('Retry-After') });
    await this.heard(error);
    throw error;
  }
}
