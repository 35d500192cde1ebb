// Numbers in words, and addresses, without a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linksOf, pathOf } from '../assets/api.js';
import { parse } from '../assets/thumbnails.js';
import { named } from '../assets/tracks.js';
import { bitrate, clock, count, duration, language, picture } from '../assets/words.js';

test('lengths', () => {
  for (const [seconds, words] of [[0.4, 'under 1 s'], [8.4, '8 s'], [59.6, '1 min'], [125, '2 min 5 s'], [3600, '1 h'], [6720, '1 h 52 min'], [97_200, '27 h']]) {
    assert.equal(duration(seconds), words);
  }
});

test('counts, rates and languages', () => {
  assert.equal(count(1, 'title'), '1 title');
  assert.equal(count(100_000, 'title'), '100,000 titles');
  assert.equal(bitrate(2_140_000), '2.1 Mbit/s');
  assert.equal(bitrate(640_400), '640 kbit/s');
  assert.equal(language('de'), 'German');
  assert.equal(language('und'), '');
  assert.equal(language('no tag at all'), 'no tag at all');
});

test('names of tracks', () => {
  const tracks = [['en', 'en'], ['en (SDH)', 'en'], ['fr (forced)', 'fr'], ['Kommentar', 'de'], ['', ''], ['und', 'und'], ['en', 'en']];
  assert.deepEqual(named(tracks.map(([name, lang]) => ({ name, lang }))), ['English (1)', 'English (SDH)', 'French (forced)', 'Kommentar', 'Track 5', 'und', 'English (7)']);
});

test('places in a film', () => {
  for (const [time, words] of [[0, '0:00'], [19.999999, '0:20'], [65.9, '1:05'], [3725, '1:02:05']]) assert.equal(clock(time), words);
});

test('pictures as they are shown', () => {
  assert.equal(picture({ width: 1280, height: 720, display_size: [720, 1280], frame_rate: 30 }), '720×1280, 30 fps');
  assert.equal(picture({ width: 720, height: 576, display_size: [1024, 576], frame_rate: 59.94006 }), '1024×576, 59.94 fps');
});

test('thumbnails', () => {
  const text = 'WEBVTT\r\n\r\nNOTE none\r\n\r\n1\r\n00:00.000 --> 00:05.000 line:0\r\nsheet.jpg#xywh=0,0,160,90\r\n\r\n01:00:05.000 --> 01:00:10.500\r\npixel/two.png\r\n';
  assert.deepEqual(parse(text, 'http://host/cmaf/film/thumbs.vtt'), [
    { start: 0, end: 5, image: 'http://host/cmaf/film/sheet.jpg', area: [0, 0, 160, 90] },
    { start: 3605, end: 3610.5, image: 'http://host/cmaf/film/pixel/two.png', area: null },
  ]);
});

test('addresses', () => {
  for (const title of ['film', 'a/b', '100 % čau? #1 & “two”', 'master.m3u8', '+$:@']) {
    const links = linksOf(encodeURIComponent(title));
    assert.equal(links.title, title);
    assert.equal(pathOf(links), links.path);
    assert.deepEqual(linksOf(links.path), links, 'what the list links to is what is opened');
  }
  assert.equal(linksOf(''), null);
  assert.equal(linksOf('50%').master, 'hls/50%25/master.m3u8', 'typed by hand');
  assert.equal(linksOf('caf%E9').master, 'hls/caf%E9/master.m3u8', 'a name that is no UTF-8');
});
