// Which language the block speaks. English is inside; any other comes as a part of its own, when a page wants it.

import { speaker } from './phrases.js';

const PARTS = {
  ar: () => import('./locales/ar.js'),
  de: () => import('./locales/de.js'),
  es: () => import('./locales/es.js'),
  fr: () => import('./locales/fr.js'),
  ru: () => import('./locales/ru.js'),
};
const PATIENCE = 1000;
const RIGHT_TO_LEFT = /Arab|Hebr|Syrc|Thaa|Nkoo|Adlm|Rohg/;

/** The first locale that is one, or English: a typing error must not take the whole block down. */
export function knownLocale(...wanted) {
  for (const locale of wanted) {
    try {
      const [known] = Intl.getCanonicalLocales(locale);
      if (known) return known;
    } catch {}
  }
  return 'en';
}

/** The language's own words, or undefined when there are none or they do not come in time. Asked again, they are at hand. */
export async function words(locale, patience = PATIENCE) {
  let timer;
  const late = new Promise((done) => (timer = setTimeout(done, patience)));
  try {
    return (await Promise.race([PARTS[new Intl.Locale(locale).language]?.(), late]))?.default;
  } catch {
    // The block in English is better than none.
  } finally {
    clearTimeout(timer);
  }
}

/**
 * How the block speaks: `{t, locale, dir}`. A language for which neither we nor the site have words is not half spoken,
 * with its dates among English words: then all of it is English.
 * @param {string} locale BCP 47
 * @param {Object<string, string>} [replaced] a site's own phrases
 */
export async function voice(locale, replaced = {}) {
  const wanted = new Intl.Locale(locale);
  const known = await words(locale);
  if (!known && wanted.language !== 'en' && !Object.keys(replaced).length) return voice('en');
  const dir = RIGHT_TO_LEFT.test(wanted.maximize().script) ? 'rtl' : 'ltr';
  return { t: speaker(replaced, locale, known), locale, dir };
}
