// The custom element: attributes in, a shadow root out.

import { Client } from './api.js';
import { Conversation } from './conversation.js';
import { h } from './dom.js';
import { Identity } from './identity.js';
import { sheet } from './style.js';

/** The page's address for the service: what the page calls canonical, else where the reader is, without the fragment. */
function pageUrl() {
  const link = document.querySelector('link[rel~="canonical"][href]');
  const url = new URL(link ? link.href : location.href);
  url.hash = '';
  return url.href;
}

/** The element's class for a service, so that one page may use several. */
export function threadElement(home) {
  return class PostilThread extends HTMLElement {
    static observedAttributes = ['site', 'service', 'url', 'key', 'sort', 'locale'];
    #root = null;
    #conversation = null;
    #due = false;

    connectedCallback() {
      if (!this.#root) {
        const shadow = this.attachShadow({ mode: 'open' });
        shadow.adoptedStyleSheets = [sheet()];
        // An empty title keeps the element's own `title`, which names the page, from becoming a tooltip over everything.
        this.#root = h('div', { class: 'postil', part: 'root', title: '' });
        shadow.append(this.#root);
      }
      this.#begin();
    }

    disconnectedCallback() {
      this.#conversation?.close();
      this.#conversation = null;
    }

    attributeChangedCallback() {
      if (this.isConnected) this.#begin();
    }

    // Attributes often change together, and a moved element is taken out and put in: one start for all of it.
    #begin() {
      if (this.#due) return;
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        if (this.isConnected) this.#open();
      });
    }

    #open() {
      this.#conversation?.close();
      const given = (name) => this.getAttribute(name) || undefined;
      const site = given('site') ?? '';
      const service = (given('service') ?? home).replace(/\/+$/, '');
      const place = {
        url: given('url') ? new URL(given('url'), document.baseURI).href : pageUrl(),
        key: given('key'),
        title: given('title') ?? (document.title || undefined),
        sort: given('sort'),
        locale: given('locale'),
      };
      this.#conversation = new Conversation(
        new Client(service, site, new Identity(service, site)),
        place,
        (content, { locale, dir }) => {
          Object.assign(this.#root, { lang: locale, dir });
          this.#root.replaceChildren(content);
        },
        (type, detail) => this.dispatchEvent(new CustomEvent(`postil:${type}`, { detail, bubbles: true, composed: true })),
      );
      this.#conversation.open();
    }
  };
}
