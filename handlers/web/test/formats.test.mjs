// What the page offers of a film: formats, languages, subtitles, thumbnails, and keys.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, choose, close, inStep, launch, playedTo, rightFrames, seeks, until, visit } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => close(browser));

const TITLE = 'tongues';

async function open(path, title = TITLE) {
  const opened = await visit(browser, path);
  await opened.page.getByRole('searchbox').fill(title);
  await choose(opened.page, title);
  await playedTo(opened.page, 0.3);
  return opened;
}

const menu = (page, name) => page.getByRole('combobox', { name });

/** Waits until the words of the second that plays are shown. */
const words = (page, word) => until(page, `“${word}” of the second that plays`, (wanted) => {
  const { currentTime, textTracks } = document.querySelector('video');
  const shown = Array.from(textTracks).filter((track) => track.mode === 'showing').flatMap((track) => Array.from(track.activeCues ?? []));
  return currentTime % 1 > 0.2 && currentTime % 1 < 0.8 && shown.some((cue) => cue.text === `${wanted} ${Math.floor(currentTime)}`);
}, word);

test('another format goes on where the film is, and shaka-player is fetched only for DASH', async () => {
  const { page, clean, requests, context } = await open('');
  assert.deepEqual(await menu(page, 'Play as').locator('option').allTextContents(), ['HLS with TS', 'HLS with CMAF', 'DASH']);
  await ask(page, () => measure.seek(20));
  await ask(page, () => measure.play());
  for (const [label, path] of [['HLS with CMAF', 'master.m3u8'], ['DASH', 'manifest.mpd']]) {
    assert.ok(!requests.some((url) => url.endsWith('dist/shaka.js')));
    await menu(page, 'Play as').selectOption(label);
    await until(page, 'the film to go on', () => document.querySelector('video').currentTime > 20.2);
    assert.ok(requests.some((url) => url.endsWith(`/cmaf/${TITLE}/${path}`)));
    rightFrames(await ask(page, () => measure.watch(0.6)));
  }
  assert.ok(requests.some((url) => url.endsWith('dist/shaka.js')));
  assert.match(page.url(), /\?format=dash#/, 'the address remembers it');
  await clean();
  await context.close();
});

for (const format of ['cmaf', 'dash']) {
  test(`quality, language and subtitles are chosen: ${format}`, async () => {
    const { page, clean, context } = await open(`?format=${format}`);
    for (const [label, width] of [['180p', 320], ['360p', 640]]) {
      await menu(page, 'Quality').selectOption(label);
      await until(page, `a picture ${width} wide`, (w) => document.querySelector('video').videoWidth === w, width);
    }
    await menu(page, 'Quality').selectOption('Auto');
    await page.getByText(/^\d+×\d+, [\d.]+ .bit\/s · buffer \d+ s · network [\d.]+ .bit\/s/).waitFor();

    await menu(page, 'Audio').selectOption('English');
    await ask(page, () => measure.watch(1));
    await ask(page, () => measure.seek(14));
    await ask(page, () => measure.play());
    inStep((await ask(page, () => measure.listen(4))).slice(-3));

    assert.equal(await menu(page, 'Subtitles').locator('option:checked').textContent(), 'Off');
    await menu(page, 'Subtitles').selectOption('English');
    await words(page, 'second');
    await menu(page, 'Subtitles').selectOption('German');
    await words(page, 'Sekunde');
    await page.locator('video').press('c');
    assert.equal(await menu(page, 'Subtitles').inputValue(), '-1', 'the key c turns them off');
    await seeks(page, [30.02, 6.01, 21.3]);
    await clean();
    await context.close();
  });
}

for (const format of ['ts', 'cmaf', 'dash']) {
  test(`subtitles for the deaf, and what everybody needs, are named in words and shown: ${format}`, async () => {
    const { page, clean, context } = await open(`?format=${format}`, 'two languages');
    const labels = await menu(page, 'Subtitles').locator('option').allTextContents();
    assert.deepEqual(labels, ['Off', 'German (forced)', 'English (SDH)']);
    await menu(page, 'Subtitles').selectOption('English (SDH)');
    await words(page, '[beep]');
    assert.equal(await menu(page, 'Subtitles').locator('option:checked').textContent(), 'English (SDH)');
    await menu(page, 'Subtitles').selectOption('German (forced)');
    await words(page, 'Schild');
    await clean();
    await context.close();
  });
}

for (const format of ['ts', 'cmaf', 'dash']) {
  test(`what everybody needs who hears a language is shown unasked: ${format}`, async () => {
    const { page, clean, context } = await open(`?format=${format}`, 'two languages');
    const nothing = () => until(page, 'no words', () =>
      !Array.from(document.querySelector('video').textTracks).some((track) => track.mode === 'showing' && track.activeCues?.length));
    assert.equal(await menu(page, 'Subtitles').inputValue(), '-1');
    await nothing();
    await menu(page, 'Audio').selectOption('German');
    await words(page, 'Schild');
    assert.equal(await menu(page, 'Subtitles').locator('option:checked').textContent(), 'Off');
    await menu(page, 'Subtitles').selectOption('English (SDH)');
    await words(page, '[beep]');
    await menu(page, 'Subtitles').selectOption('Off');
    await words(page, 'Schild');
    await menu(page, 'Audio').selectOption('English');
    await nothing();
    assert.equal(await menu(page, 'Subtitles').inputValue(), '-1');
    await clean();
    await context.close();
  });
}

test('thumbnails show what is where on the bar', async () => {
  const { page, clean, context } = await open('');
  const bar = page.getByRole('slider', { name: 'Position' });
  const { x, y, width, height } = await bar.boundingBox();
  for (const [part, square, clock] of [[0.2, 1, /^0:0[78]$/], [0.7, 5, /^0:(27|28)$/]]) {
    await page.mouse.move(x + width * part, y + height / 2);
    await page.locator('#preview span').filter({ hasText: clock }).waitFor();
    await until(page, `square ${square}`, (wanted) => {
      const canvas = document.querySelector('#preview canvas');
      if (!canvas.width || canvas.hidden) return false;
      const [red] = canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
      return Math.abs(red - ((20 + 25 * wanted - 16) * 255) / 219) < 10; // from limited range
    }, square);
  }
  await page.mouse.click(x + width * 0.5, y + height / 2);
  await until(page, 'the film to go there', () => Math.abs(document.querySelector('video').currentTime - 20) < 2);
  await page.mouse.move(0, 0);
  await page.locator('#preview').waitFor({ state: 'hidden' });
  await clean();
  await context.close();
});

test('keys play, seek and mute', async () => {
  const { page, clean, context } = await open('');
  await page.locator('video').press('k');
  await until(page, 'the film to pause', () => document.querySelector('video').paused);
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  const position = () => ask(page, () => document.querySelector('video').currentTime);
  const before = await position();
  await page.getByRole('slider', { name: 'Position' }).press('ArrowRight');
  assert.ok(Math.abs(await position() - before - 5) < 0.01);
  assert.match(await page.getByRole('slider', { name: 'Position' }).getAttribute('aria-valuetext'), /^\d+ s of 40 s$/);
  await page.locator('video').press('End');
  assert.ok(await position() > 39.9);
  await page.locator('video').press('j');
  assert.ok(Math.abs(await position() - 30) < 0.1);
  await page.keyboard.press('m');
  await page.getByRole('button', { name: 'Unmute' }).waitFor();
  await page.getByRole('button', { name: 'Unmute' }).click();
  await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
  await clean();
  await context.close();
});
