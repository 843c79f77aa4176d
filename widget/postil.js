// Postil's widget: <script type="module" src="…/postil.js"></script><postil-thread site="…"></postil-thread>

import { threadElement } from './element.js';

// A page that includes the script twice keeps the first.
if (!customElements.get('postil-thread')) {
  customElements.define('postil-thread', threadElement(new URL(import.meta.url).origin));
}
