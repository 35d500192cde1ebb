// The page of charts at /qoe: what /api/qoe measured, and who /api/sessions says is watching. It asks again by itself.

import { element } from './about.js';
import { Chart } from './chart.js';
import { bitrate, refusal } from './words.js';

const EVERY = 10_000; // ms between two looks
const STEPS = { '15m': 30, '1h': 120, '6h': 600, '24h': 3600, '168h': 21_600 }; // s of one point, by how far back it is looked
const JOINED = 3; // steps over which a line is drawn
const HISTORY = 360; // looks at who is watching that are kept
const WORST = 10; // titles

const $ = (id) => document.getElementById(id);
const seconds = (ms) => `${Number((ms / 1000).toPrecision(3))} s`;
const percent = (part) => `${Number((part * 100).toPrecision(2))} %`;
const plain = (n) => String(n);

const charts = {
  startup: new Chart({ id: 'startup', title: 'Start-up', words: seconds, series: ['median', '95 %'], least: 1000 }),
  rebuffering: new Chart({ id: 'rebuffering', title: 'Rebuffering', words: percent, series: ['median', '95 %'], least: 0.05 }),
  bitrate: new Chart({ id: 'bitrate', title: 'Average bit rate', words: (n) => (n ? bitrate(n) : '0'), series: ['median', '95 %'], least: 1e6 }),
  active: new Chart({ id: 'active', title: 'Watching, since this page was opened', words: plain, series: ['sessions'], least: 4, step: true }),
};
$('charts').append(...Object.values(charts).map((chart) => chart.element));

const history = []; // of who is watching: {at, values: [sessions]}

async function get(path, query) {
  const response = await fetch(`api/${path}?${new URLSearchParams(query)}`, { headers: { Accept: 'application/json' } });
  if (!response.ok) throw new Error(await refusal(response));
  return response.json();
}

const failures = (group) => group.start_failures + group.playback_failures;

/** What a title is worst by: greater is worse; null is not known. */
const BADNESS = {
  rebuffering: (group) => group.rebuffer_ratio.p95,
  startup: (group) => group.startup_ms.p95,
  failures: (group) => failures(group) / group.sessions,
};

const told = (value, words) => (value === null || value === undefined ? '–' : words(value));

const COLUMNS = [
  ['Sessions', (g) => plain(g.sessions)],
  ['Start-up, median', (g) => told(g.startup_ms.median, seconds)],
  ['95 %', (g) => told(g.startup_ms.p95, seconds)],
  ['Rebuffering, median', (g) => told(g.rebuffer_ratio.median, percent)],
  ['95 %', (g) => told(g.rebuffer_ratio.p95, percent)],
  ['Bit rate, median', (g) => told(g.avg_bitrate.median, bitrate)],
  ['Failed', (g) => plain(failures(g))],
  ['Left before start', (g) => plain(g.exits_before_start)],
  ['Slow', (g) => plain(g.flagged.slow_start ?? 0)],
  ['Stalling', (g) => plain(g.flagged.rebuffering ?? 0)],
  ['Unstable', (g) => plain(g.flagged.unstable ?? 0)],
];

/** A table of groups; bad tells how much each name is underlined, from 0 to 1. */
function table(what, groups, bad = () => 0) {
  const head = element('tr', {}, ...[what, ...COLUMNS.map(([name]) => name)].map((textContent) => element('th', { scope: 'col', textContent })));
  const rows = groups.map((group) => {
    const name = element('th', { scope: 'row', textContent: group.key || 'not known' });
    name.style.setProperty('--bad', `${Math.round(100 * bad(group))}%`);
    const row = element('tr', {}, name, ...COLUMNS.map(([, words]) => element('td', { textContent: words(group) })));
    row.dataset.key = group.key;
    return row;
  });
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
}

function worst(groups) {
  const by = BADNESS[$('worst-by').value];
  const known = groups.filter((group) => by(group) > 0).toSorted((a, b) => by(b) - by(a) || b.sessions - a.sessions).slice(0, WORST);
  const most = Math.max(...known.map(by), 0);
  const nothing = element('p', { className: 'quiet', textContent: groups.length ? 'None: all is well.' : 'Nothing is known.' });
  $('worst').replaceChildren(known.length ? table('Title', known, (group) => by(group) / most) : nothing);
}

function tiles(total, audience) {
  const { states } = audience;
  const facts = [
    ['now', 'Watching now', plain(audience.count), `${states.playing} playing, ${states.paused} paused, ${states.buffering} waiting`],
    ['sessions', 'Sessions measured', plain(total.sessions), `${total.exits_before_start} left before the start`],
    ['startup', 'Start-up', told(total.startup_ms.median, seconds), `95 %: ${told(total.startup_ms.p95, seconds)}`],
    ['rebuffering', 'Rebuffering', told(total.play_ms + total.stall_ms ? total.stall_ms / (total.play_ms + total.stall_ms) : null, percent), 'of all the time that was watched'],
    ['bitrate', 'Bit rate', told(total.avg_bitrate.median, bitrate), 'median of the sessions’ averages'],
    ['failures', 'Failed', told(total.sessions ? failures(total) / total.sessions : null, percent), `${total.start_failures} did not start, ${total.playback_failures} broke off`],
  ];
  $('tiles').replaceChildren(...facts.map(([name, label, value, more]) => {
    const tile = element('div', {}, element('dt', { textContent: label }), element('dd', {}, element('strong', { textContent: value }), element('span', { className: 'quiet', textContent: more })));
    tile.dataset.tile = name;
    return tile;
  }));
}

/** Draws what was measured over time. */
function draw({ series = [] }, from, to, step) {
  const over = (chart, spread) => chart.show({
    from, to, gap: JOINED * step, points: series.map((point) => ({ at: point.at, values: [point[spread].median, point[spread].p95] })),
  });
  over(charts.startup, 'startup_ms');
  over(charts.rebuffering, 'rebuffer_ratio');
  over(charts.bitrate, 'avg_bitrate');
}

function watching(audience) {
  const at = Date.now();
  history.push({ at, values: [audience.count] });
  history.splice(0, history.length - HISTORY);
  charts.active.show({ from: Math.min(history[0].at, at - 60_000), to: at, points: history });
}

/** Offers the titles that something is known of, and keeps the chosen one. */
function offer(groups) {
  const select = $('title');
  const { value } = select;
  const names = groups.map(({ key }) => key).filter((name) => name && name !== 'other');
  if (value && !names.includes(value)) names.push(value);
  names.sort();
  const same = names.length === select.options.length - 1 && names.every((name, i) => select.options[i + 1].value === name);
  if (same) return;
  select.replaceChildren(new Option('all', ''), ...names.map((name) => new Option(name, name)));
  select.value = value;
}

let turn = 0; // counts looks, so that a late answer is not shown after another
let timer;

async function look() {
  const mine = ++turn;
  clearTimeout(timer);
  const since = $('since').value;
  const step = STEPS[since];
  const title = $('title').value;
  const of = { since, ...(title && { videoId: title }) };
  try {
    const [quality, titles, groups, audience] = await Promise.all([
      get('qoe', { ...of, step: `${step}s` }), get('qoe', { since, by: 'video' }), get('qoe', { ...of, by: $('by').value }),
      get('sessions', { limit: 0, ...(title && { videoId: title }) }),
    ]);
    if (mine !== turn) return;
    $('notice').hidden = true;
    $('empty').hidden = quality.total.sessions > 0;
    tiles(quality.total, audience);
    draw(quality, quality.since, Date.now(), step * 1000);
    watching(audience);
    offer(titles.groups);
    worst(titles.groups);
    $('groups').replaceChildren(groups.groups.length ? table('', groups.groups) : element('p', { className: 'quiet', textContent: 'Nothing is known.' }));
  } catch (error) {
    if (mine !== turn) return;
    $('notice').textContent = `What was measured can’t be had: ${error.message}. It is asked for again.`;
    $('notice').hidden = false;
  }
  timer = setTimeout(look, EVERY);
}

$('choices').addEventListener('submit', (event) => event.preventDefault());
for (const id of ['since', 'worst-by', 'by']) $(id).addEventListener('change', look);
$('title').addEventListener('change', () => {
  history.length = 0; // it was of others
  look();
});
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
look();
