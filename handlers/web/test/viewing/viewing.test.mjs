// A film is watched, left and opened again: it goes on where it was, and what the server measures of the session is what the
// page measured itself, and what is measured here beside it. cmd/unreel/viewing_test.go makes the films and starts the server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, choose, close, launch, server, until, visit } from '../browser.mjs';

const LATE = 800; // ms at least that the film is made to begin after it was asked for
const STALL = 700; // ms at least that it is made to stand still
const CLOSE = 2; // s within which a film goes on
const READ = 1500; // ms that a very busy machine may take from one listener of an event to the next

let browser;
before(async () => (browser = await launch()));
after(() => close(browser));

/** Runs in the page: notes by itself when the film begins, and when it stands still. */
function witness() {
  const seen = (window.seen = { asked: null, first: null, place: null, places: [], stalls: [] });
  const on = (type, f) => document.addEventListener(type, f, true);
  addEventListener('hashchange', () => (seen.asked ??= performance.now()));
  on('playing', ({ target }) => {
    seen.first ??= performance.now();
    seen.place ??= target.currentTime;
    const last = seen.stalls.at(-1);
    if (last) last.end ??= performance.now();
  });
  for (const type of ['playing', 'seeked', 'timeupdate']) on(type, ({ target }) => seen.places.push(target.currentTime));
  on('waiting', ({ target }) => {
    if (seen.first !== null && !target.seeking) seen.stalls.push({ begin: performance.now() });
  });
}

const api = async (path) => (await fetch(new URL(`api/${path}`, server))).json();

/** Asks the API until its answer is as it should be. */
async function eventually(page, what, path, right) {
  let answer;
  for (const limit = Date.now() + 60_000; Date.now() < limit; await ask(page, () => new Promise((done) => setTimeout(done, 100)))) {
    answer = await api(path);
    if (right(answer)) return answer;
  }
  throw new Error(`waited for ${what}: ${JSON.stringify(answer)}`);
}

/** The panel's figures by the names of deploy/qoe/METRICS.md; NaN where one isn't known. */
const panel = (page) => ask(page, () => Object.fromEntries(Array.from(document.querySelectorAll('#measures data'), (data) => [data.dataset.measure, data.value === '' ? NaN : Number(data.value)])));

const video = (page, work, arg) => ask(page, ([source, value]) => new Function('video', 'value', source)(document.querySelector('video'), value), [work, arg]);

async function open(context, path) {
  const page = await context.newPage();
  await page.addInitScript(witness);
  await page.goto(new URL(path, server).href);
  await until(page, 'the film to begin', () => window.seen.first !== null);
  return page;
}

const near = (got, want, within, what) => assert.ok(Math.abs(got - want) <= within, `${what}: ${got}, not ${want}`);

/** What others reported who watched before: sessions of one title start slowly, those of the other stand still. */
function reports() {
  const events = [];
  for (let i = 0; i < 8; i++) {
    const put = (event, at, more) => events.push({ session_id: `before ${i}`, video_id: i % 2 ? 'slow' : 'stalling', event, timestamp: 1e12 + at, player: 'test', ...more });
    const startup = i % 2 ? 2500 + 10 * i : 500 + 10 * i;
    put('play_intent', 0);
    put('first_frame', startup, { bandwidth: 1_000_000 * (i + 1), rendition: '720p' });
    if (i % 2 === 0) {
      put('buffer_start', startup + 10_000);
      put('buffer_end', startup + 11_000);
    }
    put('ended', startup + 20_000);
  }
  return events;
}

/** Opens the page of charts, and waits until it shows so many sessions. */
async function charts(context, sessions) {
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('request', (request) => request.url().startsWith(server.href) || wrong.push(request.url()));
  await page.goto(new URL('qoe', server).href);
  await until(page, `${sessions} sessions`, (n) => document.querySelector('[data-tile=sessions] strong')?.textContent === String(n), sessions);
  return { page, wrong };
}

/** The page of charts draws what the API tells. */
async function drawn(context, sessions) {
  const { page, wrong } = await charts(context, sessions);
  const { series } = await api('qoe?since=1h&step=120s');
  const points = await ask(page, () => Object.fromEntries(Array.from(document.querySelectorAll('figure'), (figure) => [figure.id, Array.from(figure.querySelectorAll('g'), (group) =>
    [group.dataset.series, Array.from(group.querySelectorAll('circle'), ({ dataset }) => [Number(dataset.at), Number(dataset.value)])])])));
  for (const [id, spread] of [['startup', 'startup_ms'], ['rebuffering', 'rebuffer_ratio'], ['bitrate', 'avg_bitrate']]) {
    for (const [name, key] of [['median', 'median'], ['95 %', 'p95']]) {
      const want = series.filter((point) => point[spread][key] !== null).map((point) => [point.at, point[spread][key]]);
      assert.deepEqual(new Map(points[id]).get(name), want, `${id}, ${name}`);
    }
  }
  assert.ok(series.length > 0);
  const titles = (await api('qoe?since=1h&by=video')).groups;
  for (const [by, spread] of [['startup', 'startup_ms'], ['rebuffering', 'rebuffer_ratio']]) {
    const want = titles.filter((group) => group[spread].p95 > 0).toSorted((a, b) => b[spread].p95 - a[spread].p95).map(({ key }) => key);
    assert.ok(want.length > 1, `${by}: ${want}`);
    await page.locator('#worst-by').selectOption(by);
    await until(page, `${want} to be the worst by ${by}`, (keys) => keys === JSON.stringify(Array.from(document.querySelectorAll('#worst tbody tr'), (row) => row.dataset.key)), JSON.stringify(want));
  }
  const { groups } = await api('qoe?since=1h&by=rendition');
  assert.deepEqual(await page.locator('#groups tbody tr').evaluateAll((rows) => rows.map((row) => [row.dataset.key, Number(row.cells[1].textContent)])), groups.map(({ key, sessions: n }) => [key, n]));
  const { count } = await api('sessions');
  assert.equal(await page.locator('[data-tile=now] strong').textContent(), String(count));
  assert.deepEqual(wrong, []);
}

test('a viewing is measured alike by the page and the server, and goes on where it was left', async () => {
  const empty = await browser.newContext();
  assert.deepEqual((await charts(empty, 0)).wrong, [], 'charts of nothing');
  await empty.close();
  const taken = await fetch(new URL('api/events', server), { method: 'POST', body: JSON.stringify(reports()) });
  assert.equal(taken.status, 202);

  const { page, context } = await visit(browser, '?user=ann');
  await page.evaluate(witness);

  // It begins late, and stands still after two segments.
  let release;
  const gate = new Promise((done) => (release = done));
  let let_through = 2;
  await page.route('**/*.ts', async (route) => {
    if (let_through-- <= 0) await gate;
    await route.continue();
  });
  await page.route('**/master.m3u8', async (route) => {
    await until(page, 'it to be late', (ms) => performance.now() - window.seen.asked > ms, LATE);
    await route.continue();
  });
  await choose(page, 'film');
  await until(page, 'the film to stand still', () => window.seen.stalls.length > 0);
  await until(page, 'it to have stood still for a while', (ms) => performance.now() - window.seen.stalls[0].begin > ms, STALL);
  release();
  await until(page, 'the film to go on', () => window.seen.stalls[0].end);
  await eventually(page, 'a session', 'sessions?videoId=film', ({ count }) => count === 1);

  // It is seen in another quality, somewhere else, and paused.
  await page.getByText('How well it plays').click();
  const height = await video(page, 'return video.videoHeight');
  await page.getByLabel('Quality').selectOption({ label: height === 180 ? '240p' : '180p' });
  await video(page, 'video.currentTime = 20');
  await until(page, 'another quality', () => document.querySelector('[data-measure=switches]').value >= 1);
  await until(page, 'the film to go on', () => document.querySelector('video').currentTime > 20.2);
  const left = await video(page, 'video.pause(); return video.currentTime');
  const paused = await eventually(page, 'a paused session', 'sessions?videoId=film', ({ states: { paused: n } }) => n === 1);
  assert.equal(paused.sessions[0].videoId, 'film');
  await until(page, 'the panel to show it', () => document.getElementById('measures').dataset.state === 'paused');
  const measured = await panel(page);
  const seen = await ask(page, () => window.seen);
  await page.goto('about:blank');
  await eventually(page, 'the session to end', 'sessions?videoId=film', (answer) => answer.count === 0);

  assert.ok(measured.startup_ms >= LATE, `began after ${measured.startup_ms} ms`);
  near(measured.startup_ms, seen.first - seen.asked, READ, 'start-up by the page and beside it');
  const stood = seen.stalls.reduce((sum, { begin, end }) => sum + end - begin, 0);
  assert.ok(measured.stall_ms >= STALL, `stood still for ${measured.stall_ms} ms`);
  near(measured.stall_ms, stood, READ * seen.stalls.length, 'stalls by the page and beside it');

  // With nothing of the API at hand the film plays, and this browser knows where it was.
  await context.route(/\/api\/(events|sessions|progress)/, (route) => route.abort());
  const again = await open(context, '?user=ann#film');
  near(await ask(again, () => window.seen.place), left, CLOSE, 'goes on in the same browser');
  await video(again, 'video.currentTime = video.duration - 0.6');
  await until(again, 'the end', () => document.querySelector('video').ended);
  await again.close();
  const anew = await open(context, '?user=ann#film');
  near(await ask(anew, () => window.seen.place), 0, CLOSE, 'a finished film begins anew');
  await context.close();

  // A browser that knows nothing asks the server. Its session goes on, so that the first is the only one that is measured.
  const other = await browser.newContext();
  const fresh = await open(other, '?user=ann#film');
  await until(fresh, 'the place that the server keeps', ([place, within]) => window.seen.places.some((seen) => Math.abs(seen - place) <= within), [left, CLOSE]);
  await video(fresh, 'video.pause()');
  await until(fresh, 'a paused session', () => document.getElementById('measures').dataset.state === 'paused');
  await video(fresh, 'video.play()');

  const { total } = await eventually(fresh, 'the session to be measured', 'qoe?videoId=film', (answer) => answer.total.sessions > 0);
  assert.equal(total.sessions, 1);
  assert.equal(total.played, 1);
  near(total.startup_ms.median, measured.startup_ms, 2, 'start-up');
  near(total.stall_ms, measured.stall_ms, 2, 'stalls');
  near(total.play_ms, measured.play_ms, 2, 'play time');
  near(total.rebuffer_ratio.median, measured.rebuffer_ratio, 0.001, 'rebuffer ratio');
  near(total.switches.median, measured.switches, 0, 'switches');
  near(total.avg_bitrate.median, measured.avg_bitrate, 1000, 'average bit rate');

  await drawn(other, 9);

  // A film that can't be played is an error, and a film that is over is not left.
  await fresh.goto(new URL('?user=ann#broken', server).href);
  await fresh.getByRole('alert').waitFor();
  await eventually(fresh, 'the session to go', 'sessions?videoId=film', (answer) => answer.count === 0);
  await other.close();
});
