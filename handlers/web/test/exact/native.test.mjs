// The film by the browser's own HLS.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, choose, close, ends, FILM, inStep, launch, playedTo, rightFrames, seeks, visit } from '../browser.mjs';

let browser, page, clean, requests;

before(async () => {
  browser = await launch();
  ({ page, clean, requests } = await visit(browser, '?player=native'));
});
after(() => close(browser));

test('a click plays the film, sound and picture in step', async () => {
  await choose(page, FILM);
  await playedTo(page, 0.5);
  assert.match(await page.locator('video').evaluate((v) => v.currentSrc), /\/master\.m3u8$/, 'the browser has the playlist itself');
  assert.ok(!requests.some((url) => url.includes('dist/hls.js')), 'hls.js was not fetched');
  inStep(await ask(page, () => measure.listen(5)));
  rightFrames(await ask(page, () => measure.watch(1)));
  const ranges = await ask(page, () => measure.buffered());
  assert.equal(ranges.length, 1, `the buffer has gaps: ${JSON.stringify(ranges)}`);
  await clean();
});

test('each seek shows the frame of its time', async () => {
  await seeks(page);
  await clean();
});

test('the film ends', async () => {
  await ends(page);
  await clean();
});

test('sound of its own playlist is heard', async () => {
  await page.getByRole('searchbox').fill('languages');
  await choose(page, 'two languages');
  await playedTo(page, 0.3);
  inStep(await ask(page, () => measure.listen(5)));
  await clean();
});
