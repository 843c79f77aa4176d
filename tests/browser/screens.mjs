// Takes pictures of the block in its states, narrow and wide, light and dark, from left to right and from right to left:
//   POSTIL_URL=… POSTIL_TOKEN=… node screens.mjs DIRECTORY [STATE…]

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './harness.mjs';
import { Publisher } from './publisher.mjs';
import { show } from './states.mjs';

const ALL = ['empty', 'lively', 'deep', 'error', 'pending', 'offline'];
const [directory = 'screens', ...asked] = process.argv.slice(2);
await mkdir(directory, { recursive: true });
const browser = await launch();
const publisher = await Publisher.open();
try {
  for (const state of asked.length ? asked : ALL) {
    for (const [locale, direction] of [['en', 'ltr'], ['ar', 'rtl']]) {
      const it = await show(browser, publisher, state, { locale });
      for (const width of [360, 1200]) {
        for (const colorScheme of ['light', 'dark']) {
          await it.page.setViewportSize({ width, height: 900 });
          await it.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await it.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
          const path = join(directory, `${state}-${width}-${colorScheme}-${direction}.png`);
          await it.page.screenshot({ path, fullPage: true, caret: 'hide' });
        }
      }
      await it.page.context().close();
    }
  }
} finally {
  await browser.close();
  await publisher.close();
}
