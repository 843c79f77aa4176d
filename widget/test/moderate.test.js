// What moderators are told is said in every language, and with the same placeholders.

import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { WORDS } from '../moderate/words.js';

test('every language has the words of moderating', () => {
  const files = readdirSync(new URL('../locales/', import.meta.url)).map((name) => name.replace('.js', ''));
  assert.deepEqual(Object.keys(WORDS).sort(), [...files, 'en'].sort());
  for (const words of Object.values(WORDS)) {
    assert.deepEqual(Object.keys(words), Object.keys(WORDS.en));
    assert.ok(words.waits.includes('{n}'));
  }
});
