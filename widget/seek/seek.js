// Goes to the comment that the page's address names, fetching it when it is not on show.

import { CSS } from './style.js';

/**
 * @param {object} tools what the first file lends, see parts.js
 * @returns {(id: string) => Promise<void>}
 */
export const begin = ({ conversation, dress }) => async (id) => {
  const { client, ended, model } = conversation;
  if (!conversation.view.comment(id)?.element.isConnected) {
    const { hash } = location;
    const found = await client.comment(id);
    // Read anew, gone, or sent elsewhere meanwhile.
    if (ended.aborted || hash !== location.hash || found.thread.id !== model.info.id) return;
    conversation.model.reveal(found);
    conversation.view.sync();
  }
  const { view } = conversation;
  dress(view.element.getRootNode(), CSS);
  for (const marked of view.element.querySelectorAll('.marked')) marked.classList.remove('marked');
  const comment = view.comment(id);
  comment.article.classList.add('marked');
  comment.show();
};
