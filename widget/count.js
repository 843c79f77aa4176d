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
  // Filled by hand, since a page may have replaced the methods of arrays.
  let waiting = null;
  const add = (list, item) => (list[list.length] = item);
  const send = async ({ service, site, urls, tell }) => {
    try {
      const answer = await ask(service, site, urls);
      for (const index of Object.keys(urls)) tell[index](answer.items[index].count, answer);
    } catch {
      // A page without its counts is whole.
    }
  };
  const group = (service, site) => {
    for (const one of waiting) if (one.service === service && one.site === site && one.urls.length < LARGEST) return one;
    return add(waiting, { service, site, urls: [], tell: [] });
  };
  return (service, site, url, tell) => {
    if (!waiting) {
      waiting = [];
      later(() => {
        for (const one of waiting) send(one);
        waiting = null;
      });
    }
    const { urls, tell: told } = group(service, site);
    add(urls, url);
    add(told, tell);
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
  const url = absolute(element.getAttribute('url')) ?? pageUrl();
  const locale = element.getAttribute('locale') || undefined;
  const wanted = `${service} ${site} ${locale} ${url}`;
  if (!site || wanted === asked.get(element)) return;
  asked.set(element, wanted);
  count(service, site, url, async (n, answer) => {
    const { t, dir, locale: lang } = await voice(knownLocale(locale, answer.locale), answer.phrases);
    // An address that is no page of the site's has no count, and one that was asked for since is told for itself.
    if (wanted !== asked.get(element)) return;
    Object.assign(element, { lang, dir, textContent: Number.isInteger(n) ? t('count', { n }) : '' });
  });
}
