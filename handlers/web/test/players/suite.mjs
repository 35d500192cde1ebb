// What every player has to do with /cmaf/, in a bare page of the server's own origin. The films are those that
// cmd/unreel/players_cmaf_test.go makes.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { ask, close, inStep, launch, playedTo, RATE, rightFrame, rightFrames, server, until, watched } from '../browser.mjs';

const modules = new URL('../../node_modules/', import.meta.url);
const SCRIPTS = {
  'hls.js': 'hls.js/dist/hls.js',
  'shaka-player': 'shaka-player/dist/shaka-player.compiled.js',
  'dash.js': 'dashjs/dist/modern/umd/dash.all.min.js',
  'video.js': 'video.js/dist/video.js',
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>player</title><link rel="icon" href="data:,">
<video id="video" width="640" height="360" playsinline></video><div id="captions"></div>
<script src="player.js"></script><script src="adapters.js"></script>`;

/** The film with all there is: sound and subtitles in two languages, of 40 s. Its first language is the one that lags. */
export const TONGUES = { title: 'tongues', seconds: 40, lag: 500, places: [21.3, 30.02, 29.97, 6.01, 12.345, 0.5] };
/** Shorter films of other codecs, of 20 s. */
export const AV1 = { title: 'av1', seconds: 20, places: [11.3, 2.02, 16.01] };
export const VP9 = { title: 'vp9', seconds: 20, places: [11.3, 2.02, 16.01] };

const sheet = (path) => ({ path: fileURLToPath(new URL(path, import.meta.url)) });

/** Opens a bare page with a player, and plays a manifest of a film in it. */
async function open(browser, player, film, manifest) {
  const { page, clean } = await watched(browser);
  await page.route('**/players/*', (route) => {
    const name = new URL(route.request().url()).pathname.split('/').pop();
    if (name === 'player.js') return route.fulfill({ path: fileURLToPath(new URL(SCRIPTS[player], modules)), contentType: 'text/javascript; charset=utf-8' });
    if (name === 'adapters.js') return route.fulfill({ ...sheet('adapters.js'), contentType: 'text/javascript; charset=utf-8' });
    return route.fulfill({ body: PAGE, contentType: 'text/html; charset=utf-8' });
  });
  await page.goto(new URL('players/page.html', server).href);
  const url = new URL(`cmaf/${film.title}/${manifest}`, server).href;
  await ask(page, ([name, address]) => window.play(name, address), [player, url]);
  await playedTo(page, 0.5);
  return { page, clean };
}

/** Holds that what is buffered has no gap over a frame, also at its beginning. */
async function gapless(page, from = 0) {
  const ranges = await ask(page, () => measure.buffered());
  let end = from;
  for (const [start, stop] of ranges) {
    assert.ok(start - end <= 1 / RATE + 1e-3, `a gap from ${end} to ${start} s: ${JSON.stringify(ranges)}`);
    end = stop;
  }
}

async function seeks(page, film) {
  for (const place of film.places) {
    const frame = await ask(page, (t) => measure.seek(t), place);
    assert.ok(Math.abs(frame.time - place) < 0.05, `sent to ${place} s the player stands thus: ${JSON.stringify(await ask(page, () => measure.state()))}`);
    rightFrame(frame, place);
  }
}

async function ends(page, film) {
  const last = await ask(page, async (t) => {
    await measure.seek(t);
    await measure.end();
    return { ...measure.read(), duration: document.querySelector('video').duration };
  }, film.seconds - 1.5);
  rightFrame(last, film.seconds - 0.5 / RATE);
  assert.ok(Math.abs(last.duration - film.seconds) < 0.1, `the film lasts ${last.duration} s`);
}

/** Goes to a time and plays on from there. */
async function playFrom(page, time) {
  await ask(page, (t) => measure.seek(t), time);
  await ask(page, () => measure.play());
}

/** Switches to each height in turn while the film plays. */
async function switches(page, heights) {
  assert.deepEqual((await ask(page, () => window.player.heights())).toSorted(), heights.toSorted());
  for (const height of heights) {
    await ask(page, (h) => window.player.height(h), height);
    await until(page, `a picture ${height} high`, (h) => document.querySelector('video').videoHeight === h, height);
    rightFrames(await ask(page, () => measure.watch(0.8)));
  }
}

/** Hears each language: the beeps of the German sound come half a second after those of the English one. */
async function speaks(page) {
  assert.deepEqual((await ask(page, () => window.player.languages())).toSorted(), ['de', 'en']);
  for (const [tag, lag] of [['en', 0], ['de', 500]]) {
    await ask(page, (language) => window.player.language(language), tag);
    // Players take a moment to throw away what they have of the other; a seek within it leaves shaka-player 5.2.12 waiting
    // for ever, with what shaka-packager makes too.
    await ask(page, () => measure.watch(1));
    await playFrom(page, 14);
    inStep((await ask(page, () => measure.listen(4))).slice(-3), lag);
  }
}

/** Sees the words of a second while that second plays. */
async function shows(page) {
  assert.deepEqual((await ask(page, () => window.player.texts())).toSorted(), ['de', 'en']);
  for (const [tag, word] of [['en', 'second'], ['de', 'Sekunde']]) {
    await playFrom(page, 16.2); // and no seek after it: dash.js 5.2.1 forgets to fetch a file of text that it was just told to
    await ask(page, (language) => window.player.text(language), tag);
    await until(page, `“${word}” of the second that plays`, (wanted) => {
      const { currentTime } = document.querySelector('video');
      return currentTime % 1 > 0.2 && currentTime % 1 < 0.8 && window.subtitle().includes(`${wanted} ${Math.floor(currentTime)}`);
    }, word);
  }
}

/** The tests of one player with manifests of /cmaf/. */
export function suite(player, manifests) {
  let browser;
  before(async () => (browser = await launch()));
  after(() => close(browser));

  const [manifest] = manifests;
  test(`${player} plays ${manifest}: renditions, languages, subtitles, seeks, the end`, async () => {
    const { page, clean } = await open(browser, player, TONGUES, manifest);
    await until(page, 'a buffer of 8 s', () => measure.ahead() >= 8);
    await gapless(page);
    await switches(page, [180, 360]);
    await speaks(page);
    await shows(page);
    await seeks(page, TONGUES);
    await ends(page, TONGUES);
    await clean();
    await page.context().close();
  });

  for (const film of [AV1, VP9]) {
    test(`${player} plays the ${film.title} of ${manifest}`, () => short(film, manifest));
  }
  for (const other of manifests.slice(1)) test(`${player} plays ${other}`, () => short(TONGUES, other));

  async function short(film, name) {
    const { page, clean } = await open(browser, player, film, name);
    rightFrames(await ask(page, () => measure.watch(1)));
    inStep(await ask(page, () => measure.listen(3)), film.lag);
    await gapless(page);
    await seeks(page, film);
    await ends(page, film);
    await clean();
    await page.context().close();
  }
}
