// A service below a path of the site's own origin, behind the proxies that people have: nginx and Caddy, taking the path off
// and leaving it on. Services of its own, by the program that POSTIL_PROGRAM names.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch } from './harness.mjs';

const PROGRAM = process.env.POSTIL_PROGRAM;
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';
const TIMEOUT = { timeout: 90_000 };
const page = (script, attributes = '') => `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">
  <script type="module" src="${script}"></script></head><body><main><postil-thread site="blog" ${attributes}></postil-thread></main></body></html>`;

let browser;
before(async () => {
  assert.ok(PROGRAM, 'POSTIL_PROGRAM must name the program');
  browser = await launch();
});
after(() => browser?.close());

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Until something answers there. */
async function answers(url) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await fetch(url).catch(() => null)) return;
    await pause(50);
  }
  throw new Error(`nothing answers at ${url}`);
}

const nginx = (inside, port, target) => [
  'nginx.conf',
  `daemon off; pid ${inside}/pid; error_log stderr warn;
  events {}
  http {
    access_log off; types { text/html html; }
    client_body_temp_path ${inside}/body; proxy_temp_path ${inside}/proxy; fastcgi_temp_path ${inside}/f; uwsgi_temp_path ${inside}/u; scgi_temp_path ${inside}/s;
    server {
      listen 127.0.0.1:${port}; root ${inside}/site;
      location /comments/ { proxy_pass ${target}; proxy_http_version 1.1; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }
    }
  }`,
  (file) => [NGINX, ['-c', file, '-e', 'stderr']],
];
const caddy = (inside, port, block) => [
  'Caddyfile',
  `{
    admin off
    auto_https off
  }
  http://127.0.0.1:${port} {
    ${block}
    root * ${inside}/site
    file_server
  }`,
  (file) => ['caddy', ['run', '--config', file, '--adapter', 'caddyfile']],
];
const PROXIES = {
  'nginx, which takes the path off': (inside, port, own) => nginx(inside, port, `http://127.0.0.1:${own}/`),
  'nginx, which leaves the path on': (inside, port, own) => nginx(inside, port, `http://127.0.0.1:${own}`),
  'Caddy, which takes the path off': (inside, port, own) => caddy(inside, port, `handle_path /comments/* {\n reverse_proxy 127.0.0.1:${own}\n }`),
  'Caddy, which leaves the path on': (inside, port, own) => caddy(inside, port, `reverse_proxy /comments/* 127.0.0.1:${own}`),
};

/** A site with a service below it; everything is stopped and gone when the test is. */
async function site(t, proxy) {
  const inside = mkdtempSync(join(tmpdir(), 'postil-path-'));
  const [port, own] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}`;
  const running = [];
  const start = (program, args, env = {}) => {
    const child = spawn(program, args, { env: { PATH: process.env.PATH, HOME: inside, ...env }, stdio: 'ignore' });
    running.push(child);
  };
  t.after(async () => {
    for (const child of running) {
      if (child.exitCode === null && child.kill()) await once(child, 'exit');
    }
    rmSync(inside, { recursive: true, force: true });
  });
  mkdirSync(join(inside, 'site'));
  // The user whom nginx serves as has to read it.
  spawnSync('chmod', ['-R', 'a+rX', inside]);
  writeFileSync(join(inside, 'site', 'a.html'), page('/comments/postil.js'));
  writeFileSync(join(inside, 'site', 'b.html'), page(`http://127.0.0.1:${own}/postil.js`, 'service="/comments/"'));
  const [name, text, command] = proxy(inside, port, own);
  writeFileSync(join(inside, name), text);
  const data = { POSTIL_DATA_DIR: join(inside, 'data') };
  const added = spawnSync(PROGRAM, ['site', 'add', 'blog', '--origin', origin], { env: data, encoding: 'utf8' });
  assert.equal(added.status, 0, added.stderr);
  start(PROGRAM, [], { ...data, POSTIL_LISTEN: `127.0.0.1:${own}`, POSTIL_PUBLIC_URL: `${origin}/comments/`, POSTIL_TRUSTED_PROXIES: '127.0.0.1' });
  start(...command(join(inside, name)));
  await answers(`http://127.0.0.1:${own}/healthz`);
  await answers(`${origin}/comments/healthz`);
  return { origin, own };
}

async function open(t, url) {
  const context = await browser.newContext({ locale: 'en-GB' });
  t.after(() => context.close());
  const window = await context.newPage();
  const asked = [];
  const errors = [];
  window.on('request', (request) => asked.push(request.url()));
  window.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await window.goto(url);
  return { thread: window.getByRole('region', { name: 'What do you think?' }), asked, errors };
}

async function write(thread, words) {
  await thread.getByRole('textbox', { name: 'Your comment', exact: true }).fill(words);
  await thread.getByRole('button', { name: 'Send', exact: true }).click();
  await thread.locator('article:not([aria-busy])').filter({ hasText: words }).waitFor();
}

for (const [name, proxy] of Object.entries(PROXIES)) {
  test(`behind ${name}, a comment is written, and seen at once by another`, TIMEOUT, async (t) => {
    const { origin, own } = await site(t, proxy);
    const reader = await open(t, `${origin}/a.html`);
    const writer = await open(t, `${origin}/a.html`);
    await reader.thread.getByRole('textbox').first().waitFor();
    await write(writer.thread, 'A thought from below');
    await reader.thread.getByText('A thought from below').or(reader.thread.getByRole('button', { name: /1 new/ })).first().waitFor();
    const outside = [...reader.asked, ...writer.asked].filter((url) => !/^(data:|.*\/a\.html$)/.test(url) && !url.startsWith(`${origin}/comments/`));
    assert.deepEqual(outside, []);
    assert.deepEqual([...reader.errors, ...writer.errors], []);

    const other = await open(t, `${origin}/b.html`);
    await write(other.thread, 'A script from elsewhere');
    const asked = other.asked.filter((url) => url.includes('/v1/'));
    assert.ok(asked.length && asked.every((url) => url.startsWith(`${origin}/comments/v1/`)), asked.join('\n'));
    assert.deepEqual(other.errors, []);
    assert.ok(own);
  });
}
