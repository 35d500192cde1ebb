import { suite } from './suite.mjs';

suite('hls.js', ['master.m3u8']);
