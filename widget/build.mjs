// Bundles the readable sources into dist/, which is committed and embedded in the service, so that this need not run Node:
// dist/postil.js, what every page loads, and dist/postil/*, the parts that come on demand, named by their content. Each has a
// .br beside it, so that the service need not spend its start on compressing. ../src/http/parts.rs lists the parts.
//   node build.mjs           writes it
//   node build.mjs --check   fails when it is not what the sources give, or is over its budget

import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { build, transform } from 'esbuild';

const FIRST = 'postil.js';
const BUDGET = { first: 14_000, locale: 2_560, count: 1_024, compose: 5_120, aids: 1_024, anchors: 1_024, inline: 8_192, opinion: 1_024, remark: 4_096, refuse: 4_096, remove: 1_024, seek: 512, live: 1_024, moderate: 4_096, notify: 2_048, mail: 4_608, work: 1_536 };
const here = new URL('.', import.meta.url);
const dist = new URL('dist/', here);
const list = new URL('../src/http/parts.rs', here);

// Minifiers leave text alone, and to JavaScript the stylesheet is text.
const stylesheet = {
  name: 'stylesheet',
  setup(it) {
    it.onLoad({ filter: /[/\\]style\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const found = /const CSS = `([^]*?)`;/.exec(source);
      if (!found) throw new Error(`${path} no longer holds its stylesheet as const CSS`);
      const { code } = await transform(found[1], { loader: 'css', minify: true, charset: 'utf8' });
      return { contents: source.replace(found[0], () => `const CSS = ${JSON.stringify(code.trim())};`) };
    });
  },
};

const { outputFiles, metafile } = await build({
  entryPoints: [new URL(FIRST, here).pathname],
  absWorkingDir: here.pathname,
  outdir: 'dist',
  // Every import() becomes a file of its own, at the same place beside the first as the service gives it.
  splitting: true,
  chunkNames: 'postil/[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  plugins: [stylesheet],
  write: false,
});
const files = Object.entries(metafile.outputs)
  .map(([path, { entryPoint }]) => {
    const name = path.slice('dist/'.length);
    const contents = Buffer.from(outputFiles.find((file) => file.path.endsWith(`/${path}`)).contents);
    return { name, contents, budget: budget(name, entryPoint) };
  })
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const parts = files.filter(({ name }) => name !== FIRST);
const source = rust(parts.map(({ name }) => name));
const checking = process.argv.includes('--check');

if (!checking) {
  await rm(dist, { recursive: true, force: true });
  await mkdir(new URL('postil/', dist), { recursive: true });
  await writeFile(list, source);
}
for (const { name, contents, budget } of files) {
  const target = new URL(name, dist);
  const compressed = new URL(`${name}.br`, dist);
  const brotli = brotliCompressSync(contents, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length },
  });
  console.log(`dist/${name}: ${contents.length} bytes, ${brotli.length} brotli (budget ${budget})`);
  if (brotli.length > budget) fail(`dist/${name} is ${brotli.length - budget} bytes over its budget`);
  if (checking) {
    const committed = await readFile(target).catch(() => Buffer.alloc(0));
    if (!committed.equals(contents)) stale(`dist/${name} is not what the sources give`);
    // Releases of brotli may give other bytes for the same text; what counts is the text.
    const small = await readFile(compressed).catch(() => Buffer.alloc(0));
    if (!small.length || !brotliDecompressSync(small).equals(contents)) stale(`dist/${name}.br is not dist/${name}`);
    if (small.length > budget) fail(`dist/${name}.br is ${small.length - budget} bytes over its budget`);
  } else {
    await writeFile(target, contents);
    await writeFile(compressed, brotli);
  }
}
if (checking) {
  const wanted = parts.flatMap(({ name }) => [name, `${name}.br`]).map((name) => name.slice('postil/'.length));
  const there = await readdir(new URL('postil/', dist)).catch(() => []);
  for (const name of there) if (!wanted.includes(name)) stale(`dist/postil/${name} is of no source`);
  if ((await readFile(list, 'utf8').catch(() => '')) !== source) stale('src/http/parts.rs does not list the parts');
}

function budget(name, entryPoint) {
  if (name === FIRST) return BUDGET.first;
  if (entryPoint?.startsWith('locales/')) return BUDGET.locale;
  const [, part] = /(\w+)\.js$/.exec(entryPoint) ?? [];
  if (BUDGET[part]) return BUDGET[part];
  // Also code that two files share: it would cost a further request before the first paint.
  throw new Error(`no budget is set for dist/${name}, which comes from ${entryPoint ?? 'what several files share'}`);
}

/** The parts as Rust, the way that rustfmt has it. */
function rust(names) {
  const part = (name) => `    Part {
        name: "${name.slice('postil/'.length)}",
        script: include_bytes!("../../widget/dist/${name}"),
        brotli: include_bytes!("../../widget/dist/${name}.br"),
    },
`;
  return `//! The widget's parts on demand. Written by \`npm run build\` in \`widget/\`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; ${names.length}] = [
${names.map(part).join('')}];
`;
}

function stale(why) {
  fail(`${why}: run \`npm run build\` in widget/`);
}

function fail(why) {
  console.error(why);
  process.exitCode = 1;
}
