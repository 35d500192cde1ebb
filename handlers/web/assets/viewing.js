// One viewing of a film: what happens to the picture becomes reports (README, Viewers), a session that is kept alive, and a
// place to go on from. It only listens: the film plays whether or not any of it works.

import { Meter } from './meter.js';
import { randomName, refused } from './reports.js';

const BEAT = 10_000; // ms between heartbeats, unless sessions live shorter
const SOONEST = 2000; // ms
const TOLD = 500; // ms after which a change of state is told
const KEPT = 1000; // ms between two looks at where the film is
const NUDGE = 1; // s: players step over so little by themselves when they are stuck

const STATES = { starting: 'buffering', playing: 'playing', paused: 'paused', stalled: 'buffering', seeking: 'buffering', over: 'ended' };

const now = () => performance.timeOrigin + performance.now(); // ms; goes on evenly, unlike Date.now

export class Viewing {
  meter;
  session = ''; // its name
  chosen = false; // the viewer went elsewhere, or stopped, by hand
  #video;
  #title;
  #engine;
  #reports;
  #progress;
  #intent = null; // when the viewer asked for the film, while that isn't told yet
  #open = false; // a session goes on
  #seen = {}; // the rendition that was told last
  #place = 0; // s of the film, where it was last seen moving
  #looked = 0; // when the place was last kept
  #told = null; // the place that the server was told last
  #end = new AbortController();
  #beats = null;
  #change = null;
  #ttl = Infinity; // ms
  #off = false; // sessions are not wanted here

  /**
   * engine() gives the player's engine, once there is one: its name, and in current the rendition that is seen as
   * {rendition, bandwidth}. The viewing begins with intent.
   */
  constructor(video, { title, engine }, reports, progress) {
    this.#video = video;
    this.#title = title;
    this.#engine = engine;
    this.#reports = reports;
    this.#progress = progress;
    this.#begin();
    const on = (target, types, f) => types.split(' ').forEach((type) => target.addEventListener(type, f, { signal: this.#end.signal }));
    on(video, 'play', () => this.#play());
    on(video, 'playing seeked canplay timeupdate', () => this.#moves());
    on(video, 'waiting', () => this.#waits());
    on(video, 'seeking', () => this.#seeks());
    on(video, 'pause', () => this.#pauses());
    on(video, 'ended', () => this.#over());
    on(document, 'visibilitychange', () => document.visibilityState === 'hidden' && this.#hide());
    on(globalThis, 'pagehide', () => this.leave());
    on(globalThis, 'pageshow', ({ persisted }) => persisted && !video.paused && this.#renew());
  }

  /** What is measured so far. */
  get figures() {
    return this.meter.figures(this.#open ? now() : undefined);
  }

  /** The viewer, or the page itself, asked for the film. */
  intent() {
    this.#intent ??= now();
  }

  /** The browser does not let the page start by itself: what comes next is the viewer's wish. */
  refused() {
    if (!this.#open) this.#intent = null;
  }

  /** Playback failed for good. */
  fail(what) {
    if (this.meter.failed || this.meter.state === 'over') return;
    this.intent();
    this.#announce();
    this.#report('error', { error: what.slice(0, 80) });
    this.#keep(false);
    this.#tellSoon();
  }

  /** The viewer leaves, by closing the film or the page. */
  leave() {
    this.#announce();
    if (!this.#open) return;
    if (this.meter.state !== 'over') {
      this.#keep(true);
      this.#report('ended');
    }
    this.#close();
  }

  /** Leaves, and listens no more. */
  destroy() {
    this.leave();
    this.#end.abort();
  }

  #begin() {
    this.meter = new Meter();
    this.session = randomName();
    this.#seen = {};
    this.#open = false;
    this.#intent = null;
  }

  #renew() {
    if (this.#open) this.#close();
    this.#begin();
    this.intent();
    this.#moves();
  }

  /** Tells of the wish for the film, once it is clear that the browser grants it. */
  #announce() {
    if (this.#open || this.#intent === null) return;
    this.#open = true;
    this.#report('play_intent', {}, this.#intent);
    this.#tell();
    this.#pulse();
  }

  #play() {
    if (this.meter.state === 'over') return this.#renew(); // again from the start, or after an error
    if (!this.meter.started) return this.intent();
    this.#report('resume');
    if (this.#video.seeking) this.#report('seek');
    this.#tellSoon();
  }

  /** The picture moves, or could. */
  #moves() {
    const { paused, seeking, readyState, ended, currentTime } = this.#video;
    const { state, started } = this.meter;
    if (paused && !seeking && state === 'seeking' && readyState >= 2) this.#report('buffer_end');
    if (seeking || ended || readyState < 3) return;
    if (!paused) {
      if (this.#intent === null && !this.#open) return;
      if (!started) {
        this.#announce();
        this.#report('first_frame', this.#current());
        this.#tellSoon();
      } else if (state === 'stalled' || state === 'seeking') {
        this.#report('buffer_end');
        this.#tellSoon();
      }
    }
    if (!this.meter.started) return;
    this.#place = currentTime;
    this.#switches();
    if (now() - this.#looked >= KEPT) this.#keep(false);
  }

  #waits() {
    const { seeking, ended } = this.#video;
    if (this.meter.state !== 'playing' || seeking || ended) return;
    this.#report('buffer_start');
    this.#tellSoon();
  }

  #seeks() {
    const { state, started } = this.meter;
    const nudged = state === 'stalled' && Math.abs(this.#video.currentTime - this.#place) < NUDGE;
    if (!started || state === 'seeking' || state === 'over' || nudged) return;
    this.chosen = true;
    this.#report('seek');
  }

  #pauses() {
    const { state, started } = this.meter;
    if (!started || state === 'over' || this.#video.ended) return; // the end is no pause
    this.chosen = true;
    this.#report('pause');
    this.#keep(false);
    this.#save(false);
    this.#tellSoon();
  }

  /** The film is over. */
  #over() {
    if (!this.meter.started || this.meter.state === 'over') return;
    this.#place = this.#video.duration;
    this.#keep(false);
    this.#save(false);
    this.#report('ended');
    this.#close();
  }

  #hide() {
    if (!this.#open) return;
    this.#keep(true);
    this.#reports.flush();
  }

  /** Ends the session; what was not sent yet goes by beacons. */
  #close() {
    this.#open = false;
    this.#intent = null;
    clearTimeout(this.#beats);
    clearTimeout(this.#change);
    this.#change = null;
    this.#reports.flush();
    if (!this.#off) navigator.sendBeacon?.(this.#url, JSON.stringify({ state: 'ended', position: this.#place }));
  }

  #current() {
    const { rendition = '', bandwidth = 0 } = this.#engine()?.current ?? {};
    if (rendition || bandwidth) this.#seen = { ...(rendition && { rendition }), ...(bandwidth > 0 && { bandwidth: Math.round(bandwidth) }) };
    return this.#seen;
  }

  /** Tells of another rendition. */
  #switches() {
    const before = this.#seen;
    const seen = this.#current();
    if (seen.bandwidth !== before.bandwidth && seen.bandwidth) this.#report('bitrate_switch', seen);
  }

  #report(event, more = {}, at = now()) {
    const timestamp = Math.round(at);
    const report = {
      session_id: this.session, ...(this.#progress.user && { user_id: this.#progress.user }), video_id: this.#title, event, timestamp,
      playback_position: Math.round(this.#video.currentTime * 1000), ...this.#seen, player: this.#engine()?.name ?? '',
      device: /Mobi/.test(navigator.userAgent) ? 'mobile' : 'desktop',
      ...(navigator.connection?.effectiveType && { network_type: navigator.connection.effectiveType }), ...more,
    };
    this.meter.take(report);
    this.#reports.put(report);
  }

  /** Keeps in the browser where the film is, and tells the server where the page may not live on. */
  #keep(closing) {
    if (!this.meter.started) return;
    this.#looked = now();
    this.#progress.keep(this.#title, this.#record());
    if (closing) this.#save(true);
  }

  #save(closing) {
    const record = this.#record();
    if (!this.meter.started || record.position === this.#told) return;
    this.#told = record.position;
    this.#progress.send(this.#title, record, closing);
  }

  #record() {
    const { duration } = this.#video;
    return { position: this.#place, duration: Number.isFinite(duration) ? duration : 0, updatedAt: Date.now() };
  }

  #pulse() {
    clearTimeout(this.#beats);
    this.#beats = setTimeout(() => {
      const { state } = this.meter;
      if (state === 'playing' || state === 'paused') this.#report('heartbeat', this.#seen);
      this.#save(false);
      this.#tell();
      this.#pulse();
    }, Math.max(SOONEST, Math.min(BEAT, this.#ttl / 3)));
  }

  get #url() {
    return `api/sessions/${this.session}`;
  }

  #tellSoon() {
    this.#change ??= setTimeout(() => {
      this.#change = null;
      this.#tell();
    }, TOLD);
  }

  /** Tells what the session does. It begins with that, and begins anew where the server forgot it. */
  async #tell() {
    if (this.#off || !this.#open) return;
    const { user, device } = this.#progress;
    const body = JSON.stringify({
      videoId: this.#title, ...(user && { userId: user }), deviceId: device, state: STATES[this.meter.state], position: this.#place,
      ...(this.#seen.rendition && { rendition: this.#seen.rendition }),
    });
    try {
      const response = await fetch(this.#url, { method: 'PUT', body, headers: { 'Content-Type': 'application/json' } });
      this.#off = refused(response);
      if (!response.ok) return;
      const { expiresAt, updatedAt } = await response.json();
      const ttl = expiresAt - updatedAt;
      if (ttl > 0 && ttl < this.#ttl) {
        this.#ttl = ttl;
        if (this.#open) this.#pulse();
      }
    } catch {
      // The next heartbeat is another chance.
    }
  }
}
