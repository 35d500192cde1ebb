// The page itself: the list, its search, addresses, words for what fails, phones and keyboards.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, choose, close, FILM, launch, playedTo, server, until, visit } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => close(browser));

const ODD = 'Série 1/100 % čau? #1 & “two”';
const BROKEN = 'broken';

const apiTitles = async (query, limit) => (await fetch(new URL(`api/titles?${new URLSearchParams({ q: query, limit })}`, server))).json();

test('the list is paged, and asks for details of what is in view only', async () => {
  const { page, clean, requests, context } = await visit(browser);
  const { total, titles } = await apiTitles('', 1000);
  assert.ok(total > 60, `the library holds ${total} titles`);
  await page.getByRole('status').filter({ hasText: `${total} titles` }).waitFor();
  await page.getByText(/^2 min 5 s · 720p, 360p, 180p · H\.264, AAC$/).first().waitFor();
  const rows = page.locator('#titles li');
  assert.ok(await rows.count() < total, 'one page is not all');
  assert.ok(requests.filter((url) => url.includes('/info/')).length < 50, 'details were fetched for rows out of view');

  const api = new Map(titles.map((t) => [t.title, t]));
  while (await rows.count() < total) {
    const shown = await rows.count();
    await rows.last().scrollIntoViewIfNeeded();
    await until(page, 'more rows', (n) => document.querySelectorAll('#titles li').length > n, shown);
  }
  const listed = await rows.locator('a').evaluateAll((links) => links.map((link) => [link.textContent, link.hash.slice(1)]));
  assert.deepEqual(listed.map(([title]) => title), titles.map((t) => t.title), 'every title once, in order');
  const computed = await ask(page, async (fragments) => {
    const { linksOf } = await import(new URL('assets/api.js', document.baseURI).href);
    return fragments.map(linksOf);
  }, listed.map(([, fragment]) => fragment));
  for (const { title, master, cmaf, dash, info } of computed) assert.deepEqual({ title, master, cmaf, dash, info }, api.get(title), 'an address leads where the list does');
  await clean();
  await context.close();
});

test('search narrows the list as one types', async () => {
  const { page, clean, context } = await visit(browser);
  await page.getByRole('searchbox', { name: 'Search titles' }).pressSequentially('ČAU');
  await page.getByRole('status').filter({ hasText: /^1 match$/ }).waitFor();
  assert.deepEqual(await page.locator('#titles a').allTextContents(), [ODD]);
  await page.getByRole('searchbox').fill('no such film');
  await page.getByText('No title matches “no such film”.').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('link', { name: FILM, exact: true }).waitFor();
  await clean();
  await context.close();
});

test('an address opens its title, whatever its name', async () => {
  const { titles: [{ master }] } = await apiTitles('čau', 1);
  const { page, clean, context } = await visit(browser, '#' + master.slice('hls/'.length, -'/master.m3u8'.length));
  await page.getByRole('heading', { name: ODD }).waitFor();
  await playedTo(page, 0.2);
  assert.equal(await page.title(), `${ODD} · unreel`);
  await ask(page, (hash) => (location.hash = hash), FILM); // as typed into the address bar
  await page.getByRole('heading', { name: FILM }).waitFor();
  await playedTo(page, 0.2);
  await page.goBack();
  await page.getByRole('heading', { name: ODD }).waitFor();
  await playedTo(page, 0.2);
  await clean();
  await context.close();
});

test('sound that goes on long after its picture is heard', async () => {
  for (const format of ['ts', 'cmaf', 'dash']) {
    const { page, context } = await visit(browser, `?format=${format}#short%20picture`);
    await playedTo(page, 8); // the picture ends at 4 s, the sound a minute and a half later
    await context.close();
  }
});

test('a film that can’t be played says why', async () => {
  const { page, context } = await visit(browser);
  await page.getByRole('searchbox').fill(BROKEN);
  const row = page.locator('#titles li').filter({ hasText: BROKEN });
  await row.locator('.error').waitFor();
  const why = await row.locator('.error').textContent();
  await choose(page, BROKEN);
  const alert = page.getByRole('alert');
  await alert.waitFor();
  assert.match(await alert.textContent(), /can’t be played: .{10,}/);
  assert.match(why, /box|moov|MP4/i, 'in the server’s words');
  await alert.getByRole('button', { name: 'Try again' }).waitFor();
  await page.goto(new URL('#gone', server).href);
  await alert.filter({ hasText: /can’t be played/ }).waitFor();
  await context.close();
});

test('while segments can’t be had it says so, and plays on when they can', async () => {
  const { page, context } = await visit(browser);
  await page.route('**/*.ts', (route) => route.fulfill({ status: 503, json: { error: 'busy, retry' } }));
  await choose(page, FILM);
  await page.getByText('loading fails, trying again').waitFor();
  await page.unrouteAll();
  await playedTo(page, 0.2);
  await page.getByText(/^\d+×\d+, .* buffer \d+ s/).waitFor();
  await context.close();
});

test('a phone shows player and list, and a tap plays', async () => {
  const { page, clean, context } = await visit(browser, '', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
  await page.getByRole('link', { name: FILM, exact: true }).tap();
  await playedTo(page, 0.2);
  const { width, box, small } = await ask(page, () => ({
    width: document.documentElement.scrollWidth,
    box: document.querySelector('video').getBoundingClientRect().toJSON(),
    small: [...document.querySelectorAll('#titles a, button, select, input')].filter((e) => e.offsetParent)
      .map((e) => [e.id || e.textContent, (e.closest('li') ?? e).getBoundingClientRect().height]).filter(([, height]) => height < 24),
  }));
  assert.equal(width, 390, 'nothing sticks out sideways');
  assert.ok(box.width > 340 && box.top >= 0 && box.bottom <= 844, `the video stands at ${JSON.stringify(box)}`);
  assert.deepEqual(small, [], 'what is tapped is at least 24 px high');
  await clean();
  await context.close();
});

test('the keyboard alone opens and closes a film', async () => {
  const { page, clean, context } = await visit(browser);
  await page.getByRole('searchbox').fill(FILM);
  await page.getByRole('status').filter({ hasText: /match/ }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await playedTo(page, 0.2);
  assert.equal(await ask(page, () => document.activeElement.id), 'video');
  await page.keyboard.press('Space');
  await until(page, 'the film to pause', () => document.querySelector('video').paused);
  await page.getByRole('button', { name: 'Close the player' }).press('Enter');
  await page.locator('#player').waitFor({ state: 'hidden' });
  assert.equal(await ask(page, () => document.activeElement.textContent), FILM);
  await clean();
  await context.close();
});

test('it works below a prefix', { skip: !process.env.UNREEL_PREFIXED_URL }, async () => {
  const { page, clean, context } = await visit(browser, '', { base: new URL(process.env.UNREEL_PREFIXED_URL) });
  await choose(page, FILM);
  await playedTo(page, 0.5);
  await clean();
  await context.close();
});

test('without the bundle it plays natively and says so', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/dist/hls.js', (route) => route.fulfill({ status: 404 }));
  await page.goto(server.href);
  await choose(page, FILM);
  await playedTo(page, 0.2);
  await page.getByText(/^hls\.js is not in this build/).waitFor();
  await context.close();
});
