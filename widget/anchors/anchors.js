// Asks the service where passages are in a text that is not as they remember it. Comes when an article was edited.

// What the service takes from a reader, in bytes of a body.
const LARGEST = 256 * 1024;
const TRIES = 3;
// Whoever is to wait longer has read the page by then.
const LONGEST_WAIT = 60;

const encoder = new TextEncoder();

/** SHA-256 in hexadecimal digits, or null: browsers have it only where a page came over TLS. */
async function hashOf(text) {
  if (!crypto.subtle) return null;
  let hash = '';
  for (const byte of new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)))) hash += byte.toString(16).padStart(2, '0');
  return hash;
}

/** @returns {(text: string) => Promise<object[]>} what the service says of each passage; nothing when it says nothing */
export function begin({ conversation }) {
  const { client, ended } = conversation;

  async function ask(path, text, hash) {
    try {
      if (hash) return await client.read(path, { text: hash });
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    const body = { text };
    return encoder.encode(JSON.stringify(body)).length > LARGEST ? { items: [] } : client.act('POST', path, { body });
  }

  return async (text) => {
    const path = `threads/${conversation.model.info.id}/anchors`;
    const hash = await hashOf(text);
    for (let tries = 1; !ended.aborted; tries += 1) {
      try {
        return (await ask(path, text, hash)).items;
      } catch ({ retryAfter }) {
        if (!retryAfter || retryAfter > LONGEST_WAIT || tries >= TRIES) break;
        await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
      }
    }
    return [];
  };
}
