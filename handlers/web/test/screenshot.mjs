// Takes the README's picture of the page, with a film playing. It wants a server on the demo film:
//
//	make run FLAGS=--thumbnails &
//	cd handlers/web && UNREEL_URL=http://127.0.0.1:8080/ npm run screenshot

import { fileURLToPath } from 'node:url';
import { choose, launch, playedTo, visit } from './browser.mjs';

const [title = 'countdown', time = '6.2'] = process.argv.slice(2);
const browser = await launch();
const { page } = await visit(browser, '', { viewport: { width: 1120, height: 700 } });
await choose(page, title);
await page.evaluate(() => document.activeElement.blur());
await playedTo(page, Number(time));
const bar = await page.locator('#position').boundingBox();
await page.mouse.move(bar.x + 0.7 * bar.width, bar.y + bar.height / 2);
await page.waitForFunction(() => document.querySelector('#preview canvas').style.width);
await page.screenshot({ path: fileURLToPath(new URL('../screenshot.png', import.meta.url)) });
await browser.close();
