// A challenge (ALTCHA, version 2) is solved in slices, between which the page has its turn: no worker, which many pages' policies
// do not let a script start, and nothing of the browser's that is missing over plain HTTP.

import { begin, compress } from './sha256.js';

// What is on show has a frame's time at most; where nothing is, browsers give few slices, so these are longer.
const SLICE = 8;
const UNSEEN_SLICE = 100;
// The service asks for a million at most.
const MOST = 4_000_000;

/**
 * The solution of a challenge, as the service takes it.
 * @param {object} challenge
 * @param {AbortSignal} signal ends it
 * @returns {Promise<string>}
 */
export async function solve(challenge, signal) {
  const { salt, nonce, keyPrefix } = challenge.parameters;
  // Salt, nonce and counter take 36 bytes: one block, with its end and its length in bits.
  const block = new Int32Array(16);
  const given = salt + nonce;
  for (let at = 0; at < 8; at += 1) block[at] = word(given, at);
  block[9] = 1 << 31;
  block[15] = 36 * 8;
  const wanted = new Int32Array(4);
  for (let at = 0; at < 4; at += 1) wanted[at] = word(keyPrefix, at);
  const state = new Int32Array(8);
  for (let counter = 0; counter < MOST; await rest()) {
    if (signal.aborted) throw signal.reason;
    const end = performance.now() + (document.hidden ? UNSEEN_SLICE : SLICE);
    do {
      // Asking for the time takes as long as some hashes.
      for (let few = 0; few < 64; few += 1, counter += 1) {
        block[8] = counter;
        compress(begin(state), block);
        if (state[0] === wanted[0] && state[1] === wanted[1] && state[2] === wanted[2] && state[3] === wanted[3]) {
          return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey: hex(state) } }));
        }
      }
    } while (performance.now() < end);
  }
  throw new Error('no solution');
}

const rest = () => new Promise((resolve) => setTimeout(resolve));

/** The word at that place of a text in hexadecimal. */
const word = (text, at) => parseInt(text.slice(8 * at, 8 * at + 8), 16);

function hex(state) {
  let text = '';
  for (const word of state) text += (word >>> 0).toString(16).padStart(8, '0');
  return text;
}
