// Opens the page in a real Chromium, and watches that it behaves.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** Where the server under test is; it serves the library that cmd/unreel/players_test.go makes. */
export const server = new URL(process.env.UNREEL_URL ?? 'http://127.0.0.1:8080/');

export const FILM = 'clouds'; // the title of the numbered film
export const RATE = 25; // its frames a second
export const SECONDS = 125;

/** How long a condition may take on a busy machine, in ms. */
export const PATIENCE = 30_000;

export const launch = () => chromium.launch({
  timeout: PATIENCE,
  executablePath: process.env.UNREEL_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
});

/** A promise that is kept in time, or is broken with what was waited for. */
async function within(what, promise, ms = PATIENCE) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${ms / 1000} s for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Closes the browser, where there is one. */
export const close = (browser) => browser && within('the browser to close', browser.close());

/** Has the page work something out. What it waits for in there has limits of its own; this one is for a page that is stuck. */
export const ask = (page, work, arg) => within(`the page's answer to ${work}`, page.evaluate(work, arg), 3 * PATIENCE);

/** Waits until a condition holds in the page. It is looked at by the clock: pages that are not drawn have no animation frames. */
export async function until(page, what, condition, arg) {
  try {
    await page.waitForFunction(condition, arg, { polling: 100, timeout: PATIENCE });
  } catch (error) {
    throw new Error(`waited for ${what}: ${JSON.stringify(await ask(page, () => measure.state()))}`, { cause: error });
  }
}

/** A new page that is watched from its first moment. The answer's clean() holds that nothing odd happened so far. */
export async function watched(browser, { base = server, expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const requests = [];
  const errors = [];
  context.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(`${message.text()} ${message.location().url}`));
  await page.addInitScript({ path: fileURLToPath(new URL('measure.js', import.meta.url)) });

  const clean = async () => {
    const found = await ask(page, () => measure.found);
    assert.deepEqual(found, { problems: [], stalls: [], errors: [], violations: [] });
    assert.deepEqual(errors.filter((text) => !expected.some((part) => text.includes(part))), []);
    assert.deepEqual(requests.filter((url) => !/^(blob|data):/.test(url) && !url.startsWith(base.href)), [], 'requests that left the server');
  };
  return { page, context, requests, clean };
}

/** Opens our own page at a path below the server's URL. */
export async function visit(browser, path = '', { base = server, ...options } = {}) {
  const opened = await watched(browser, { base, ...options });
  await opened.page.goto(new URL(path, base).href);
  await opened.page.locator('#titles li').first().waitFor();
  return opened;
}

/** Clicks a title's row, as a person would who sees it. */
export const choose = (page, title) => page.getByRole('link', { name: title, exact: true }).click();

/** Waits until the video has played to a time, in s. */
export const playedTo = (page, time) => until(page, `the film to play to ${time} s`, (t) => document.querySelector('video').currentTime >= t, time);

const frameAt = (time) => Math.min(Math.floor(time * RATE + 1e-3), SECONDS * RATE - 1);

/** Holds that a frame is the one of its time, give or take one; or of a later time, where the film played on until it was read. */
export function rightFrame({ number }, time, later = time) {
  const [first, last] = [frameAt(time), frameAt(later)];
  assert.ok(number >= first - 1 && number <= last + 1, `at ${time} s frame ${number} is shown, not ${first}`);
}

/** Holds that played frames are those of their times, and that none is shown before an earlier one. */
export function rightFrames(frames) {
  assert.ok(frames.length > RATE / 5, `only ${frames.length} frames were shown`);
  for (const [i, frame] of frames.entries()) {
    rightFrame(frame, frame.mediaTime, Math.max(frame.mediaTime, frame.time));
    if (i > 0) assert.ok(frame.number >= frames[i - 1].number, `frame ${frame.number} is shown after ${frames[i - 1].number}`);
  }
}

/** Holds that sound and picture are within 40 ms of each other; lag is what beeps are late by purpose, in ms. */
export function inStep(lags, lag = 0) {
  assert.ok(lags.length >= 3, `only ${lags.length} beeps were heard`);
  const middle = lags.toSorted((a, b) => a - b)[lags.length >> 1];
  assert.ok(Math.abs(middle - lag) <= 40, `the sound is ${middle.toFixed(1)} ms behind the picture, not ${lag}: ${lags.map(Math.round)}`);
}

/** Where to seek to, in s: within a frame, on and around key frames and segment boundaries, back and forth. */
export const PLACES = [61.3, 30.02, 29.97, 6.01, 89.99, 90.01, 12.345, 119.7, 0.5, 62.5];

/** Seeks the paused film here and there, and holds that each time the right frame is shown. */
export async function seeks(page, places = PLACES) {
  for (const place of places) {
    const frame = await ask(page, (t) => measure.seek(t), place);
    rightFrame(frame, place);
  }
}

/** Plays the film's last seconds to its end. */
export async function ends(page) {
  const last = await ask(page, async (t) => {
    await measure.seek(t);
    await measure.end();
    const video = document.querySelector('video');
    return { ...measure.read(), time: video.currentTime, duration: video.duration };
  }, SECONDS - 1.5);
  rightFrame(last, SECONDS);
  assert.ok(Math.abs(last.duration - SECONDS) < 0.1, `the film lasts ${last.duration} s`);
}
