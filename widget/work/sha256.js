// SHA-256 (FIPS 180-4) of our own: `crypto.subtle` is missing on pages served over plain HTTP, and answers one call at a time
// where a challenge takes many thousands.

// The roots of the first 64 primes, whose fractions are the constants.
const [ROUNDS, INITIAL] = constants();
const words = new Int32Array(64);

function constants() {
  const rounds = new Int32Array(64);
  const initial = new Int32Array(8);
  const bits = (root) => (root - Math.floor(root)) * 2 ** 32;
  let found = 0;
  for (let number = 2; found < 64; number += 1) {
    let factor = 2;
    while (number % factor) factor += 1;
    if (factor < number) continue;
    if (found < 8) initial[found] = bits(Math.sqrt(number));
    rounds[found] = bits(Math.cbrt(number));
    found += 1;
  }
  return [rounds, initial];
}

/** Sets a state to what it is before the first block. */
export function begin(state) {
  for (let at = 0; at < 8; at += 1) state[at] = INITIAL[at];
  return state;
}

/**
 * Takes a block into the state.
 * @param {Int32Array} state eight words
 * @param {Int32Array} block sixteen words
 */
export function compress(state, block) {
  for (let at = 0; at < 64; at += 1) {
    if (at < 16) words[at] = block[at];
    else {
      const x = words[at - 15];
      const y = words[at - 2];
      const small = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const large = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[at] = words[at - 16] + small + words[at - 7] + large;
    }
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let at = 0; at < 64; at += 1) {
    const turned = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + turned + ((e & f) ^ (~e & g)) + ROUNDS[at] + words[at]) | 0;
    const other = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (other + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}
