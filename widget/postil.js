// Postil's widget: <script type="module" src="…/postil.js"></script><postil-thread site="…"></postil-thread>

import { Client } from './api.js';
import { threadElement } from './element.js';
import { knownLocale, voice } from './languages.js';
import { absolute, pageUrl, serviceOf } from './place.js';

// Beside this script, be it below a path of an origin that the service shares.
const home = new URL('.', import.meta.url).href;
const tools = { Client, absolute, pageUrl, knownLocale, voice };

/** How many comments a page has. Most pages have no such element, so what fills it comes on demand. */
class PostilCount extends HTMLElement {
  static observedAttributes = ['url', 'site', 'service', 'locale'];

  async connectedCallback() {
    const part = await import('./count.js').catch(() => null);
    if (this.isConnected) part?.fill(this, serviceOf(this, home), tools);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.connectedCallback();
  }
}

const elements = { 'postil-thread': threadElement(home), 'postil-count': PostilCount };
// A page that includes the script twice keeps the first.
for (const name of Object.keys(elements)) {
  if (!customElements.get(name)) customElements.define(name, elements[name]);
}
