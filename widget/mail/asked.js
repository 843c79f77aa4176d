// The letters that this browser asked for, until their time is over: a link that one of them brought needs no question.

// Where storage is refused, they are known as long as the page is.
const memory = new Map();

/**
 * @param {string} site what tells one site of one service from another
 * @param {() => number} now milliseconds, by the service's clock
 */
export function letters(site, now) {
  const key = `postil-asked:${site}`;
  const read = () => {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(key));
    } catch {}
    const all = { ...kept, ...memory.get(key) };
    const live = {};
    for (const id of Object.keys(all)) if (Date.parse(all[id]) > now()) live[id] = all[id];
    return live;
  };
  const keep = (live) => {
    memory.delete(key);
    try {
      if (Object.keys(live).length) localStorage.setItem(key, JSON.stringify(live));
      else localStorage.removeItem(key);
    } catch {
      memory.set(key, live);
    }
  };
  return {
    has: (id) => Object.hasOwn(read(), id),
    /** @param {{request: string, expires_at: string}} asked what the service answered */
    note: ({ request, expires_at: until }) => keep({ ...read(), [request]: until }),
    forget(id) {
      const { [id]: gone, ...others } = read();
      keep(others);
    },
  };
}
