// The letters that the service wrote. POSTIL_MAIL names the folder where they lie.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { serviceUrl } from './harness.mjs';

const { origin } = serviceUrl();

/** The letters to an address that hold a link to that page of the service's, oldest first, as `{source, text, link}`. */
export async function letters(to, page) {
  const folder = process.env.POSTIL_MAIL;
  assert.ok(folder, 'POSTIL_MAIL must name the folder of the letters');
  const found = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.eml')) continue;
    const source = await readFile(`${folder}/${name}`, 'utf8');
    if (!source.includes(`To: ${to}`)) continue;
    const text = decoded(source);
    const link = new RegExp(`${origin}/s/${page}/[\\w-]+`).exec(text)?.[0];
    const at = Date.parse(/^Date: (.*)$/m.exec(source)[1]);
    if (link) found.push({ source, text, link, at });
  }
  return found.sort((a, b) => a.at - b.at);
}

/** Quoted-printable undone; what is not encoded so stays as it is. */
const decoded = (source) => source.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

/** The n-th of them, once it is there. */
export async function letter(to, page, n = 1) {
  const end = Date.now() + 60_000;
  for (;;) {
    const found = await letters(to, page);
    if (found.length >= n) return found[n - 1];
    assert.ok(Date.now() < end, `no letter to ${to} with a link to /s/${page}/`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
