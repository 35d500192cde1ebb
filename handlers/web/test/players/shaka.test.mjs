import { suite } from './suite.mjs';

suite('shaka-player', ['manifest.mpd', 'ondemand.mpd', 'master.m3u8']);
