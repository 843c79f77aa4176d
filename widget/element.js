// The custom element: attributes in, a shadow root out.

import { Client } from './api.js';
import { Conversation } from './conversation.js';
import { h } from './dom.js';
import { Identity } from './identity.js';
import { absolute, pageUrl, PLANTED, serviceOf } from './place.js';
import { dress } from './style.js';

// How far from the window a block begins to load.
const MARGIN = '600px';

/** The level that a `heading-level` asks for. */
export const headingLevel = (given) => /^[2-6]$/.exec(given)?.[0] ?? 2;

/** The element's class for a service, so that one page may use several. */
export function threadElement(home) {
  return class PostilThread extends HTMLElement {
    static observedAttributes = ['site', 'service', 'url', 'key', 'sort', 'locale', 'heading-level', 'sso', 'article'];
    // An empty title keeps the element's own `title`, which names the page, from becoming a tooltip over everything.
    #root = h('div', { class: 'postil', part: 'root', title: '' });
    #conversation;
    #settings;
    #watch;
    #start;
    #due = false;

    constructor() {
      super();
      const shadow = this.attachShadow({ mode: 'open' });
      dress(shadow);
      shadow.append(this.#root);
    }

    connectedCallback() {
      this.#settle();
    }

    disconnectedCallback() {
      this.#settle();
    }

    attributeChangedCallback() {
      this.#settle();
    }

    // Attributes often change together, and a moved element is taken out and put in: one answer to all of it, and none
    // to what ends as it began.
    #settle() {
      if (this.#due) return;
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        const { settings } = this;
        const now = this.isConnected ? JSON.stringify(settings) : undefined;
        if (now === this.#settings) return;
        this.#settings = now;
        this.#close();
        if (now) this.#await(settings);
      });
    }

    #close() {
      this.#watch?.disconnect();
      removeEventListener('hashchange', this.#named);
      document.removeEventListener('selectionchange', this.#named);
      this.#conversation?.close();
      this.#conversation = null;
    }

    /** Nothing is asked of the service until the reader comes near, follows a link to a comment, or selects something. */
    #await(settings) {
      this.#root.replaceChildren();
      this.#start = () => this.#open(settings);
      addEventListener('hashchange', this.#named);
      document.addEventListener('selectionchange', this.#named);
      this.#observe(MARGIN, (near) => near && this.#start());
      // Notes are wanted where the text is.
      try {
        for (const text of document.querySelectorAll(`${PLANTED},${settings.article ?? PLANTED}`)) this.#watch.observe(text);
      } catch {
        // No selector.
      }
      this.#named();
    }

    #named = () => (location.hash.startsWith('#postil-') || !getSelection().isCollapsed) && this.#start();

    #observe(rootMargin, tell) {
      this.#watch?.disconnect();
      this.#watch = new IntersectionObserver((entries) => {
        for (const { isIntersecting } of entries) tell(isIntersecting);
      }, { rootMargin });
      this.#watch.observe(this);
    }

    get settings() {
      const given = (name) => this.getAttribute(name) || undefined;
      return {
        service: serviceOf(this, home),
        sso: absolute(given('sso')),
        site: given('site') ?? '',
        url: absolute(given('url')) ?? pageUrl(),
        key: given('key'),
        sort: given('sort'),
        locale: given('locale'),
        level: headingLevel(given('heading-level')),
        article: given('article'),
      };
    }

    #open(place) {
      if (this.#conversation) return;
      const { service, site, sso } = place;
      this.#conversation = new Conversation(
        new Client(service, site, new Identity(service, site, sso), sso),
        { ...place, title: this.getAttribute('title') || document.title || undefined },
        (content, { locale, dir }) => {
          Object.assign(this.#root, { lang: locale, dir });
          this.#root.replaceChildren(content);
        },
        (type, detail) =>
          this.dispatchEvent(
            new CustomEvent(`postil:${type}`, { detail, bubbles: true, composed: true, cancelable: type === 'sign-in' }),
          ),
      );
      this.#conversation.open();
      this.#observe(undefined, (seen) => this.#conversation.attend(seen));
    }
  };
}
