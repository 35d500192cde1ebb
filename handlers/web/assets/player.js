// One player for the page: hls.js or shaka-player where there are Media Source Extensions, the browser's own HLS otherwise.
//
// For tests and the curious: every trouble that playback meets, also one that it gets over by itself, is a "problem"
// event that bubbles from the video element, with event.detail = { fatal, what }.

import { info } from './api.js';
import { about } from './about.js';
import { Controls } from './controls.js';
import * as dash from './dash.js';
import { formatsOf, LABELS } from './formats.js';
import * as hls from './hls.js';
import * as native from './native.js';
import { Panel } from './panel.js';
import { Progress } from './progress.js';
import { Reports } from './reports.js';
import { Thumbnails } from './thumbnails.js';
import { Viewing } from './viewing.js';
import { bitrate, count } from './words.js';

const SETTLED = 15; // s of film after which it doesn't jump any more to where another device stopped
const CHOICES = ['quality', 'audio', 'subtitles', 'format'];

export class Player {
  #section = document.getElementById('player');
  #heading = document.getElementById('playing');
  #video = document.getElementById('video');
  #status = document.getElementById('status');
  #problem = document.getElementById('problem');
  #about = document.getElementById('about');
  #choices = Object.fromEntries(CHOICES.map((id) => [id, document.getElementById(id)]));
  #controls = new Controls({ onCaptions: () => this.#toggleSubtitles() });
  #preferNative;
  #wanted; // the format that a person asked for; "" for none in particular
  #remember;
  #formats = []; // that the title has
  #format = ''; // that plays
  #engine = null;
  #progress;
  #reports = new Reports();
  #panel = new Panel(document.getElementById('measures'));
  #viewing = null;
  #links = null;
  #reached = 0; // s of the film that were played when it failed
  #turn = 0; // counts openings and closings, so that what comes late notices that it was overtaken

  /**
   * preferNative asks for the browser's own HLS, also where hls.js would run; format for one of LABELS, where a title has it;
   * onFormat(format) hears of another choice. user names the viewer, for what the server keeps; "" where nobody does.
   */
  constructor({ preferNative, format, user, onFormat }) {
    this.#progress = new Progress(user);
    this.#preferNative = preferNative;
    this.#wanted = format;
    this.#remember = onFormat;
    this.#problem.querySelector('button').addEventListener('click', () => this.open(this.#links, { focus: true, time: this.#reached }));
    const chosen = (id, f) => this.#choices[id].querySelector('select').addEventListener('change', ({ target }) => f(target.value));
    chosen('quality', (id) => this.#set('quality', Number(id)));
    chosen('audio', (id) => this.#set('audio', Number(id)));
    chosen('subtitles', (id) => this.#set('subtitle', Number(id)));
    chosen('format', (format) => this.#change(format));
    setInterval(() => this.#tell(), 500);
  }

  /**
   * Opens a title and plays it from a time in s, or from where the viewer stopped, as far as the browser lets a page start by
   * itself.
   */
  async open(links, { focus, time, paused = false }) {
    const turn = this.#stop();
    const viewing = new Viewing(this.#video, { title: links.title, engine: () => this.#engine }, this.#reports, this.#progress);
    this.#viewing = viewing;
    if (!paused) viewing.intent();
    this.#links = links;
    this.#section.hidden = false;
    this.#heading.textContent = links.title;
    if (focus) {
      this.#video.focus({ preventScroll: true });
      this.#section.scrollIntoView({ block: 'nearest' });
    }
    const [{ start, later }] = await Promise.all([time === undefined ? this.#progress.resume(links.title) : { start: time }, this.#describe(turn)]);
    if (turn !== this.#turn) return;
    const engine = await this.#choose(links, start, turn);
    if (turn !== this.#turn) return engine?.destroy();
    this.#engine = engine;
    if (!engine) return this.#report(true, 'This browser plays HLS neither by Media Source Extensions nor by itself.');
    this.#offer();
    await engine.ready;
    if (turn !== this.#turn) return;
    // Refused until a person presses play; errors come as events.
    if (!paused) this.#video.play().catch(({ name }) => name === 'NotAllowedError' && viewing.refused());
    const place = await later; // named too late to begin there; not once the viewer has chosen, or settled
    if (place != null && turn === this.#turn && this.#video.currentTime < start + SETTLED && !viewing.chosen) this.#controls.seek(place);
  }

  /** Stops, and gives the room back to the list. */
  close() {
    this.#stop();
    this.#section.hidden = true;
  }

  #stop() {
    this.#viewing?.destroy();
    this.#viewing = null;
    this.#release();
    this.#formats = [];
    this.#controls.thumbnails = null;
    this.#problem.hidden = true;
    for (const label of Object.values(this.#choices)) label.hidden = true;
    this.#about.replaceChildren();
    return ++this.#turn;
  }

  #release() {
    this.#engine?.destroy();
    this.#engine = null;
    this.#status.textContent = '';
  }

  /** Goes on in another format from where the film is. */
  #change(format) {
    this.#wanted = format;
    this.#remember(format);
    const { currentTime, paused, ended } = this.#video;
    const failed = !this.#engine;
    this.open(this.#links, { focus: false, time: failed ? this.#reached : currentTime, paused: paused && !ended && !failed });
  }

  #set(what, id) {
    if (!this.#engine) return;
    this.#engine[what] = id;
    this.#offer();
  }

  #toggleSubtitles() {
    const { subtitles, subtitle } = this.#engine ?? { subtitles: [] };
    if (subtitles.length) this.#set('subtitle', subtitle < 0 ? subtitles[0].id : -1);
  }

  async #choose(links, time, turn) {
    const on = {
      problem: (fatal, what) => turn === this.#turn && this.#report(fatal, what),
      tracks: () => turn === this.#turn && this.#engine && this.#offer(),
    };
    const master = this.#format === 'cmaf' ? links.cmaf : links.master;
    if (hls.possible() && !(this.#preferNative && native.possible(this.#video))) {
      if (this.#format === 'dash') {
        const shaka = await dash.load();
        if (turn !== this.#turn) return null;
        if (shaka) return new dash.DashEngine(shaka, this.#video, links.dash, time, on);
        this.#notice('shaka-player is not in this build (make web adds it), so films play by HLS.');
        this.#format = 'cmaf';
        return this.#choose(links, time, turn);
      }
      const { Hls, missing } = await hls.load();
      if (turn !== this.#turn) return null;
      if (Hls) return new hls.HlsEngine(Hls, this.#video, master, time, on);
      if (missing) this.#notice('hls.js is not in this build (make web adds it), so films play by the browser’s own HLS.');
    }
    return native.possible(this.#video) ? new native.NativeEngine(this.#video, master, time, on) : null;
  }

  #notice(text) {
    const notice = document.getElementById('notice');
    notice.textContent = text;
    notice.hidden = false;
  }

  #report(fatal, what) {
    this.#video.dispatchEvent(new CustomEvent('problem', { bubbles: true, detail: { fatal, what } }));
    if (!fatal) return;
    this.#reached = this.#video.currentTime;
    this.#viewing?.fail(what);
    this.#release();
    for (const id of ['quality', 'audio', 'subtitles']) this.#choices[id].hidden = true;
    this.#problem.hidden = false;
    this.#problem.querySelector('p').textContent = what;
  }

  /** Fills the choices of quality, sound, subtitles and format. */
  #offer() {
    const { qualities, quality, audios, audio, subtitles, subtitle } = this.#engine;
    fill(this.#choices.quality, qualities.length > 1 ? [{ id: -1, label: 'Auto' }, ...qualities] : [], quality);
    fill(this.#choices.audio, audios.length > 1 ? audios : [], audio);
    fill(this.#choices.subtitles, subtitles.length ? [{ id: -1, label: 'Off' }, ...subtitles] : [], subtitle);
  }

  /** Shows what the player is doing: the rendition, how much of it is at hand, and what the network carries. */
  #tell() {
    if (!this.#engine) return;
    const { buffered, currentTime } = this.#video;
    let ahead = 0;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) <= currentTime + 0.1) ahead = Math.max(0, buffered.end(i) - currentTime);
    }
    const { playing, bandwidth } = this.#engine;
    const lost = this.#video.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0;
    const parts = [playing, `buffer ${ahead.toFixed(0)} s`, bandwidth && `network ${bitrate(bandwidth)}`, lost && `${count(lost, 'frame')} dropped`];
    this.#status.textContent = parts.filter(Boolean).join(' · ');
    this.#panel.show(this.#viewing.figures, this.#viewing.meter.state, this.#reports);
  }

  /** Learns what the title has, tells it, and decides on a format. */
  async #describe(turn) {
    let found = null;
    try {
      found = await info(this.#links.info);
    } catch {
      // The player says what is wrong with the film itself.
    }
    if (turn !== this.#turn) return;
    const adaptive = hls.possible() && !this.#preferNative;
    this.#formats = formatsOf(found).filter((format) => format !== 'dash' || adaptive);
    this.#format = this.#formats.includes(this.#wanted) ? this.#wanted : this.#formats[0] ?? 'ts';
    const options = this.#formats.map((format) => ({ id: format, label: LABELS[format] }));
    fill(this.#choices.format, options.length > 1 ? options : [], this.#format);
    if (!found) return;
    this.#about.replaceChildren(...about(found, this.#links));
    if (found.thumbnails) this.#illustrate(new URL(found.thumbnails, new URL(this.#links.cmaf, document.baseURI)), turn);
  }

  async #illustrate(url, turn) {
    const thumbnails = await Thumbnails.load(url).catch(() => null);
    if (turn === this.#turn) this.#controls.thumbnails = thumbnails;
  }
}

function fill(label, options, chosen) {
  const select = label.querySelector('select');
  label.hidden = options.length === 0;
  const same = options.length === select.options.length && options.every(({ id, label: text }, i) => select.options[i].value === String(id) && select.options[i].text === text);
  if (!same) select.replaceChildren(...options.map(({ id, label: text }) => new Option(text, id)));
  select.value = String(chosen);
}
