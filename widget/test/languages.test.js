import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { knownLocale, voice, words } from '../languages.js';
import { ENGLISH as AIDING } from '../aids/phrases.js';
import { ENGLISH as COMPOSING } from '../compose/phrases.js';
import { ENGLISH as BESIDE } from '../inline/phrases.js';
import { ENGLISH as MAILING } from '../mail/phrases.js';
import { ENGLISH as NOTIFYING } from '../notify/phrases.js';
import { ENGLISH as FIRST, speaker } from '../phrases.js';
import { ENGLISH as REMARKING } from '../remark/phrases.js';
import { ENGLISH as REMOVING } from '../remove/phrases.js';

const ENGLISH = { ...FIRST, ...AIDING, ...BESIDE, ...COMPOSING, ...MAILING, ...NOTIFYING, ...REMARKING, ...REMOVING };
const files = readdirSync(new URL('../locales/', import.meta.url)).map((name) => name.replace('.js', ''));
const PLURAL = /\.(zero|one|two|few|many|other)$/;
const placeholders = (text) => [...new Set(text.match(/\{\w+\}/g))].sort();

/** Every key that a language needs, with the English text that it says: plurals in each form that counts take in it. */
function needed(language) {
  const rules = new Intl.PluralRules(language);
  const forms = new Set(Array.from({ length: 1000 }, (_, n) => rules.select(n)).concat('other'));
  const keys = new Map();
  for (const [key, english] of Object.entries(ENGLISH)) {
    // `error.other` only looks like one.
    if (!(key.replace(PLURAL, '.one') in ENGLISH)) keys.set(key, english);
    else for (const form of forms) keys.set(key.replace(PLURAL, `.${form}`), english);
  }
  return keys;
}

for (const language of files) {
  test(`${language} says everything that English says, with the same placeholders`, async () => {
    const own = await words(language, 60_000);
    const keys = needed(language);
    assert.deepEqual(Object.keys(own).sort(), [...keys.keys()].sort());
    for (const [key, english] of keys) {
      // Arabic says "two comments" in one word.
      const wanted = /\.(zero|one|two)$/.test(key) && !own[key].includes('{n}') ? [] : placeholders(english);
      assert.deepEqual(placeholders(own[key]), wanted, key);
      assert.equal(own[key], own[key].trim(), key);
    }
  });
}

test('the languages are those that are promised', () => {
  assert.deepEqual(files, ['ar', 'de', 'es', 'fr', 'ru']);
});

test('a locale that is none falls back, to the next and then to English', () => {
  assert.equal(knownLocale('de-CH'), 'de-CH');
  assert.equal(knownLocale('not a locale', 'fr'), 'fr');
  assert.equal(knownLocale(undefined, undefined), 'en');
});

test('each language counts in its own way', async () => {
  const counts = async (locale, ...ns) => {
    const { t } = await voice(locale);
    return ns.map((n) => t('fresh', { n }));
  };
  assert.deepEqual(await counts('ru', 1, 3, 5, 21), ['1 новый комментарий', '3 новых комментария', '5 новых комментариев', '21 новый комментарий']);
  const arabic = await counts('ar-u-nu-latn', 0, 1, 2, 3, 11, 100);
  assert.deepEqual(arabic, ['لا تعليقات جديدة', 'تعليق جديد', 'تعليقان جديدان', '3 تعليقات جديدة', '11 تعليقًا جديدًا', '100 تعليق جديد']);
});

test('a region speaks its language, and direction follows the script', async () => {
  const swiss = await voice('de-CH');
  assert.deepEqual([swiss.locale, swiss.dir, swiss.t('send')], ['de-CH', 'ltr', 'Senden']);
  assert.equal((await voice('ar-EG')).dir, 'rtl');
  assert.equal((await voice('he', { send: 'שליחה' })).dir, 'rtl');
});

test('the words of the site go before those of the language, whatever the form', async () => {
  const { t } = await voice('ru', { 'count.other': 'Голосов: {n}', retry: 'Ещё раз' });
  assert.deepEqual([t('count', { n: 3 }), t('retry'), t('cancel')], ['Голосов: 3', 'Ещё раз', 'Отмена']);
  assert.equal(speaker({ count: 'some' }, 'en')('count', { n: 1 }), 'some');
});

test('a language that nobody has words for is not half spoken', async () => {
  const unknown = await voice('fi');
  assert.deepEqual([unknown.locale, unknown.t('send')], ['en', 'Send']);
  const own = await voice('fi', { send: 'Lähetä' });
  assert.deepEqual([own.locale, own.t('send'), own.t('reply')], ['fi', 'Lähetä', 'Reply']);
});
