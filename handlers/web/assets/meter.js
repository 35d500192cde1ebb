// Measures a viewing while it goes on, by the definitions of deploy/qoe/METRICS.md: what the server works out later from the
// same reports, which a test holds.

const MAX_GAP = 600_000; // ms that may pass between two reports
const MAX_STARTUP = 600_000; // ms

/** A Meter takes reports in the order in which they happened. Its times are ms. */
export class Meter {
  state = 'starting'; // then playing, paused, stalled, seeking or over
  started = false;
  failed = false;
  #at = null; // when the last report was
  #intent = null;
  #startup = null;
  #held = false; // paused beneath whatever it does
  #bandwidth = 0;
  #sums = { play: 0, stall: 0, bits: 0, known: 0 }; // known is the part of play whose bit rate is known
  #counts = { stalls: 0, switches: 0, up: 0, down: 0 };

  take({ event, timestamp, bandwidth = 0 }) {
    this.#sums = this.#until(timestamp);
    this.#at = timestamp;
    if (bandwidth > 0) this.#rate(event, bandwidth);
    this.#move(event, timestamp);
  }

  /** What is measured up to a time. Names and units are those of the definitions; null is what isn't known. */
  figures(now = this.#at) {
    const { play, stall, bits, known } = this.#until(now);
    const total = play + stall;
    return {
      startup_ms: this.#startup,
      play_ms: Math.round(play),
      stall_ms: Math.round(stall),
      stalls: this.#counts.stalls,
      rebuffer_ratio: this.started && total > 0 ? stall / total : null,
      switches: this.#counts.switches,
      switches_up: this.#counts.up,
      switches_down: this.#counts.down,
      avg_bitrate: known > 0 ? Math.round(bits / known) : null,
    };
  }

  /** The sums as they are at a time. */
  #until(now) {
    const gap = this.#at === null ? 0 : Math.min(Math.max(now - this.#at, 0), MAX_GAP);
    const sums = { ...this.#sums };
    if (this.state === 'stalled') sums.stall += gap;
    if (this.state !== 'playing') return sums;
    sums.play += gap;
    if (this.#bandwidth > 0) {
      sums.bits += this.#bandwidth * gap;
      sums.known += gap;
    }
    return sums;
  }

  #rate(event, bandwidth) {
    if (event === 'bitrate_switch' && this.started && this.#bandwidth > 0 && bandwidth !== this.#bandwidth) {
      this.#counts.switches++;
      this.#counts[bandwidth > this.#bandwidth ? 'up' : 'down']++;
    }
    this.#bandwidth = bandwidth;
  }

  #move(event, at) {
    switch (event) {
      case 'play_intent':
        if (!this.started) this.#intent ??= at;
        break;
      case 'first_frame':
        if (!this.started && this.#intent !== null && at - this.#intent <= MAX_STARTUP) this.#startup = at - this.#intent;
        this.started = true;
        this.failed = this.#held = false;
        this.state = 'playing';
        break;
      case 'buffer_start':
        if (this.state !== 'playing') break;
        this.#counts.stalls++;
        this.state = 'stalled';
        break;
      case 'seek':
        if (this.started) this.state = 'seeking';
        break;
      case 'pause':
        this.#held = true;
        if (this.started && this.state !== 'over') this.state = 'paused';
        break;
      case 'resume':
        if (this.started) this.#held = false;
        this.#goOn();
        break;
      case 'buffer_end':
        this.#goOn();
        break;
      case 'heartbeat':
        if (this.state === 'seeking') this.#goOn();
        break;
      case 'error':
        this.failed = true;
        if (this.started) this.state = 'over';
        break;
      case 'ended':
        if (this.started) this.state = 'over';
        break;
    }
  }

  #goOn() {
    if (!this.started) return;
    if (!this.#held) this.failed = false;
    this.state = this.#held ? 'paused' : 'playing';
  }
}
