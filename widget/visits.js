// When the reader was last at a thread, so that what is new since then can be marked. Kept in this browser alone, for the
// threads that were visited last; where storage is refused or full, nothing is marked.

const KEY = 'postil:visits';
const MOST = 200;

/**
 * Notes that the reader is here now.
 * @param {string} thread its id
 * @param {number} now milliseconds, by the service's clock
 * @returns {number|undefined} when they were here before
 */
export function visit(thread, now) {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(KEY));
  } catch {}
  const { [thread]: last, ...others } = kept ?? {};
  const visits = { ...others, [thread]: now };
  try {
    const known = Object.keys(visits);
    for (let oldest = 0; oldest < known.length - MOST; oldest += 1) delete visits[known[oldest]];
    localStorage.setItem(KEY, JSON.stringify(visits));
  } catch {}
  return Number(last) || undefined;
}
