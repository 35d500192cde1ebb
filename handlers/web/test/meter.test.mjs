// The page measures as deploy/qoe/METRICS.md says: the examples there are measured as they say.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Meter } from '../assets/meter.js';

const ORDER = ['play_intent', 'first_frame', 'buffer_end', 'resume', 'bitrate_switch', 'heartbeat', 'seek', 'buffer_start', 'pause', 'error', 'ended'];

const streams = JSON.parse(await readFile(new URL('../../../deploy/qoe/streams.json', import.meta.url)));

for (const { name, events, want } of streams) {
  // The page's own viewings always tell how they begin, leave it to the server to know better than their reports, and hear nothing
  // of requests.
  if (!events.some(({ event }) => event === 'play_intent') || events.some((event) => 'start_delay' in event || 'heard_from' in event)) continue;
  test(`the page measures: ${name}`, () => {
    const meter = new Meter();
    for (const event of events.toSorted((a, b) => a.timestamp - b.timestamp || ORDER.indexOf(a.event) - ORDER.indexOf(b.event))) meter.take(event);
    const figures = meter.figures();
    for (const key of Object.keys(figures)) if (key in want) assert.equal(figures[key], want[key], key);
  });
}
