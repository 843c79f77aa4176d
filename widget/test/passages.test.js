import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { normalise } from '../inline/text.js';

// The service reads the same table.
const { normalisation } = JSON.parse(readFileSync(new URL('../../tests/passages/normalisation.json', import.meta.url)));

for (const { name, raw, text } of normalisation) {
  test(`normalised: ${name}`, () => {
    assert.equal(normalise(raw), text);
    assert.equal(normalise(text), text);
  });
}
