// Where passages stand in the text that is on the page now.

// What the service takes from a reader.
const LARGEST = 256 * 1024;

/**
 * @param {import('../api.js').Client} client
 * @param {string} thread
 * @param {import('./text.js').ArticleText} text
 * @param {object[]} passages
 * @returns {Promise<Map<string, {state: string, start: ?number, end: ?number}>>} by id. Of whom nothing is said, nothing is known.
 */
export async function anchors(client, thread, text, passages) {
  const found = new Map();
  for (const { id, selector } of passages) if (stands(text, selector)) found.set(id, { state: 'exact', ...selector });
  // An article that was not edited asks nothing of the service.
  if (found.size === passages.length) return found;
  const answer = await ask(client, thread, text.text).catch(() => null);
  for (const item of answer?.items ?? []) if (!found.has(item.passage_id)) found.set(item.passage_id, item);
  return found;
}

/** Whether the words are where they were, and among the same words. */
function stands(text, { exact, prefix, suffix, start, end }) {
  if (start === null || text.slice(start, end) !== exact) return false;
  const before = prefix.trim();
  const after = suffix.trim();
  return text.slice(start - before.length - 2, start).trimEnd().endsWith(before) && text.slice(end, end + after.length + 2).trimStart().startsWith(after);
}

async function ask(client, thread, text) {
  const bytes = new TextEncoder().encode(text);
  const path = `threads/${thread}/anchors`;
  // Browsers have this only where a page came over TLS.
  if (crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    let hash = '';
    for (const byte of digest) hash += byte.toString(16).padStart(2, '0');
    try {
      return await client.read(path, { text: hash });
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  }
  return bytes.length > LARGEST ? null : client.act('POST', path, { body: { text } });
}
