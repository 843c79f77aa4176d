// Bundles the readable sources into dist/postil.js and dist/postil.js.br, which are committed and embedded in the service
// (the second so that the service need not spend its start on compressing).
//   node build.mjs           writes it
//   node build.mjs --check   fails when it is not what the sources give, or is over its budget

import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { build, transform } from 'esbuild';

const BUDGET = 14_000;
const here = new URL('.', import.meta.url);
const target = new URL('dist/postil.js', here);
const compressed = new URL('dist/postil.js.br', here);

// Minifiers leave text alone, and to JavaScript the stylesheet is text.
const stylesheet = {
  name: 'stylesheet',
  setup(it) {
    it.onLoad({ filter: /[/\\]style\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const found = /const CSS = `([^]*?)`;/.exec(source);
      if (!found) throw new Error('style.js no longer holds its stylesheet as const CSS');
      const { code } = await transform(found[1], { loader: 'css', minify: true, charset: 'utf8' });
      return { contents: source.replace(found[0], () => `const CSS = ${JSON.stringify(code.trim())};`) };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: [new URL('postil.js', here).pathname],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  plugins: [stylesheet],
  write: false,
});
const made = Buffer.from(outputFiles[0].contents);
const brotli = brotliCompressSync(made, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: made.length },
});
console.log(`dist/postil.js: ${made.length} bytes, ${brotli.length} brotli (budget ${BUDGET})`);

if (process.argv.includes('--check')) {
  const committed = await readFile(target).catch(() => Buffer.alloc(0));
  if (!committed.equals(made)) fail('dist/postil.js is not what the sources give: run `npm run build` in widget/');
  // Releases of brotli may give other bytes for the same text; what counts is the text.
  const small = await readFile(compressed).catch(() => Buffer.alloc(0));
  if (!small.length || !brotliDecompressSync(small).equals(made)) fail('dist/postil.js.br is not dist/postil.js: run `npm run build` in widget/');
  if (small.length > BUDGET) fail(`dist/postil.js.br is ${small.length - BUDGET} bytes over its budget`);
} else {
  await mkdir(new URL('.', target), { recursive: true });
  await writeFile(target, made);
  await writeFile(compressed, brotli);
}
if (brotli.length > BUDGET) fail(`dist/postil.js is ${brotli.length - BUDGET} bytes over its budget`);

function fail(why) {
  console.error(why);
  process.exitCode = 1;
}
