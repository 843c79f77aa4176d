// What the service's refusals say, in the reader's language: few readers meet one, so the words come with the first.

import { WORDS } from './words.js';

/**
 * Teaches every voice of the block the words.
 * @param {object} lent what the first file lends, see parts.js
 */
export function begin({ conversation }) {
  const { language } = new Intl.Locale(conversation.view.element.closest('[lang]').lang);
  Object.assign(conversation.t.words, WORDS[language] ?? WORDS.en);
}
