// The film by hls.js: what a person sees and hears, and how the player takes it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, choose, close, ends, FILM, inStep, launch, playedTo, rightFrames, seeks, until, visit } from '../browser.mjs';

let browser, page, clean;

before(async () => {
  browser = await launch();
  ({ page, clean } = await visit(browser));
});
after(() => close(browser));

test('a click plays the film, well buffered, sound and picture in step', async () => {
  await choose(page, FILM);
  await until(page, 'a buffer of 10 s', () => measure.ahead() >= 10);
  await playedTo(page, 0.5);
  assert.match(await page.locator('video').evaluate((v) => v.currentSrc), /^blob:/, 'hls.js feeds Media Source Extensions');
  const ranges = await ask(page, () => measure.buffered());
  assert.equal(ranges.length, 1, `the buffer has gaps: ${JSON.stringify(ranges)}`);
  assert.ok(ranges[0][0] < 0.1, `the film begins at ${ranges[0][0]} s`);
  inStep(await ask(page, () => measure.listen(5)));
  await page.getByText(/^\d+×\d+, [\d.]+ .bit\/s · buffer \d+ s/).waitFor();
  await clean();
});

test('quality goes down and up while the film plays on', async () => {
  const quality = page.getByRole('combobox', { name: 'Quality' });
  for (const [label, width] of [['180p', 320], ['720p', 1280], ['360p', 640]]) {
    await quality.selectOption(label);
    await until(page, `a picture ${width} wide`, (w) => document.querySelector('video').videoWidth === w, width);
    rightFrames(await ask(page, () => measure.watch(1)));
  }
  await quality.selectOption('Auto');
  await clean();
});

test('each seek shows the frame of its time', async () => {
  await seeks(page);
  await clean();
});

test('sound and picture are in step after a seek', async () => {
  await ask(page, () => measure.seek(62.3));
  await ask(page, () => measure.play());
  inStep(await ask(page, () => measure.listen(5)));
  await clean();
});

test('the film ends', async () => {
  await ends(page);
  await clean();
});

test('another language is heard once it is chosen', async () => {
  await page.getByRole('searchbox').fill('languages');
  await choose(page, 'two languages');
  await playedTo(page, 0.3);
  inStep(await ask(page, () => measure.listen(5)));
  await page.getByRole('combobox', { name: 'Audio' }).selectOption('German');
  const lags = await ask(page, () => measure.listen(7));
  inStep(lags.slice(-4), 500); // its beeps come half a second after those of the first; what plays may do so for a while
  await clean();
});
