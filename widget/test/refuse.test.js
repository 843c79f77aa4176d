import test from 'node:test';
import assert from 'node:assert/strict';
import { explain } from '../form.js';
import { speaker } from '../phrases.js';
import { begin } from '../refuse/refuse.js';
import { WORDS } from '../refuse/words.js';

/** A block in this language whose voice is `t`. */
const block = (lang, t) => ({ conversation: { t, view: { element: { closest: () => ({ lang }) } } } });

test('every language says every refusal, with the same numbers in it', () => {
  const numbers = (text) => text.match(/\{\w+\}/g) ?? [];
  for (const [language, words] of Object.entries(WORDS)) {
    assert.deepEqual(Object.keys(words), Object.keys(WORDS.en), language);
    for (const [key, text] of Object.entries(words)) {
      assert.deepEqual(numbers(text), numbers(WORDS.en[key]), `${language} ${key}`);
      if (language !== 'en') assert.notEqual(text, WORDS.en[key], `${language} ${key}`);
    }
  }
});

test('a refusal is said in the language of the block, also by parts that have begun', () => {
  const t = speaker({}, 'de', { cancel: 'Abbrechen' });
  const part = t.with({ cancel: 'Cancel' });
  const error = { code: 'comment_too_long', detail: 'A comment may have …', params: { max: 15000, length: 15001 } };
  assert.equal(explain(part, error), error.detail);
  begin(block('de-AT', t));
  assert.equal(explain(part, error), 'Bitte kürzen Sie auf 15.000 Zeichen.');
  assert.equal(explain(t, { code: 'name_odd', detail: 'What the service says.' }), 'What the service says.');
});

test('refusals that have many reasons are said in the words of the service', () => {
  for (const lang of Object.keys(WORDS)) {
    const t = speaker({}, lang);
    begin(block(lang, t));
    for (const code of ['conflict', 'forbidden']) {
      const detail = 'Only a published comment that answers no other can be pinned.';
      assert.equal(explain(t, { code, detail }), detail, `${lang} ${code}`);
    }
  }
});

test('what the site says goes before', () => {
  const t = speaker({ 'error.banned': 'Go away.' }, 'en');
  begin(block('en', t));
  assert.equal(explain(t, { code: 'banned' }), 'Go away.');
});
