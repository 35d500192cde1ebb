import { suite } from './suite.mjs';

suite('video.js', ['master.m3u8', 'manifest.mpd']);
