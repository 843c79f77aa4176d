import test from 'node:test';
import assert from 'node:assert/strict';
import { speaker } from '../phrases.js';
import { clock } from '../time.js';

test('plurals follow the locale, and a site replaces any phrase', () => {
  const t = speaker({ 'count.few': '{n} komentarze', 'count.other': '{n} komentarzy' }, 'pl');
  assert.deepEqual([t('count', { n: 3 }), t('count', { n: 7 })], ['3 komentarze', '7 komentarzy']);
  assert.equal(speaker({}, 'en')('fresh', { n: 1 }), '1 new comment');
});

test('a part speaks with the same voice: the site, the language, then its own English', () => {
  const t = speaker({ save: 'Keep' }, 'de', { cancel: 'Abbrechen' }).with({ save: 'Save', cancel: 'Cancel', left: '{n} left' });
  assert.deepEqual([t('save'), t('cancel'), t('left', { n: 1000 }), t('reply')], ['Keep', 'Abbrechen', '1.000 left', 'Reply']);
});

test('what a person typed is put in as it is', () => {
  assert.equal(speaker({}, 'en')('to', { name: '$& {n}' }), 'to $& {n}');
});

test('times as people say them; a future that only a wrong clock sees is now', () => {
  const at = Date.parse('2026-06-15T12:00:00Z');
  const ago = (seconds) => clock('en', 'just now').ago(new Date(at - seconds * 1000).toISOString(), at);
  assert.deepEqual([ago(5), ago(-86400), ago(120), ago(2 * 3600), ago(86400)], ['just now', 'just now', '2 minutes ago', '2 hours ago', 'yesterday']);
  assert.equal(ago(40 * 86400), 'May 6, 2026');
});
