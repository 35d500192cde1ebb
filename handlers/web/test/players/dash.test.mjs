import { suite } from './suite.mjs';

suite('dash.js', ['manifest.mpd', 'ondemand.mpd']);
