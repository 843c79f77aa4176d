// How many comments a page has, as a few words in the page's own text: every count on a page is asked for together.

// Long enough for a list that a script puts in piece by piece, too short to be seen.
const DELAY = 20;
const LARGEST = 100;

/**
 * Collects what is asked for within a moment and asks once for all of it.
 * @param {(service: string, site: string, urls: string[]) => Promise<{items: {count: number|null}[]}>} ask
 * @param {(work: () => void) => void} later
 * @returns {(service: string, site: string, url: string, tell: (count: number|null, answer: object) => void) => void}
 */
export function counter(ask, later) {
  let waiting = null;
  const send = async ([service, site, asked]) => {
    try {
      const answer = await ask(service, site, asked.map(([url]) => url));
      answer.items.forEach(({ count }, index) => asked[index][1](count, answer));
    } catch {
      // A page without its counts is whole.
    }
  };
  return (service, site, url, tell) => {
    if (!waiting) {
      waiting = [];
      later(() => {
        waiting.forEach(send);
        waiting = null;
      });
    }
    const room = ([of, by, asked]) => of === service && by === site && asked.length < LARGEST;
    let group = waiting.find(room);
    if (!group) waiting.push((group = [service, site, []]));
    group[2].push([url, tell]);
  };
}

let count;
const asked = new WeakMap();

/**
 * Puts the count into an element, with the tools that the first file lends: what two files shared would be a third one.
 * @param {HTMLElement} element
 * @param {string} service
 * @param {{Client: Function, pageUrl: () => string, absolute: Function, knownLocale: Function, voice: Function}} tools
 */
export function fill(element, service, { Client, pageUrl, absolute, knownLocale, voice }) {
  count ??= counter(
    (service, site, urls) => new Client(service, site).counts(urls),
    (work) => setTimeout(work, DELAY),
  );
  // A list that names its site once, by its thread or its first count, need not repeat it.
  const named = element.getAttribute('site') ? element : document.querySelector('postil-thread[site], postil-count[site]');
  const site = named?.getAttribute('site');
  const place = [service, site, absolute(element.getAttribute('url')) ?? pageUrl()];
  const locale = element.getAttribute('locale') || undefined;
  const wanted = String([...place, locale]);
  if (!site || wanted === asked.get(element)) return;
  asked.set(element, wanted);
  count(...place, async (n, answer) => {
    const { t, dir, locale: lang } = await voice(knownLocale(locale, answer.locale), answer.phrases);
    // An address that is no page of the site's has no count, and one that was asked for since is told for itself.
    if (wanted !== asked.get(element)) return;
    Object.assign(element, { lang, dir, textContent: Number.isInteger(n) ? t('count', { n }) : '' });
  });
}
