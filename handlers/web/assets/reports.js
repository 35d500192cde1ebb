// Sends what happens during playback to the server, in batches. Playback neither waits for it nor notices when it fails.

const SOON = 3000; // ms that reports are gathered for
const LONGEST = 60_000; // ms until it is tried again, at most
const BATCH = 100; // reports a request: a beacon may hold 64 KiB
const QUEUE = 400; // reports that wait for a server that is down

/** A name that nobody else has. Not crypto.randomUUID, which plain http is refused. */
export const randomName = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Whether an answer says that there is no such API here, or none for us: then nothing more is sent. */
export const refused = ({ status }) => [401, 403, 404, 405].includes(status);

export class Reports {
  sent = 0; // reports that the server took
  #url;
  #queue = [];
  #timer = null;
  #sending = false;
  #failures = 0;
  #off = false;

  constructor(url = 'api/events') {
    this.#url = url;
  }

  /** How many reports are not with the server yet. */
  get waiting() {
    return this.#queue.length;
  }

  /** Whether the server wants none. */
  get off() {
    return this.#off;
  }

  put(report) {
    if (this.#off) return;
    this.#queue.push(report);
    if (this.#queue.length > QUEUE) {
      const beat = this.#queue.findIndex(({ event }) => event === 'heartbeat'); // says least
      this.#queue.splice(Math.max(beat, 0), 1);
    }
    if (!this.#sending) this.#timer ??= setTimeout(() => this.#send(), Math.min(SOON * 2 ** this.#failures, LONGEST));
  }

  /** Hands all to the browser, which sends it also when the page is gone. */
  flush() {
    while (this.#queue.length && !this.#off) {
      const batch = this.#queue.splice(0, BATCH);
      if (!navigator.sendBeacon?.(this.#url, JSON.stringify({ events: batch }))) return; // too much at once, or no beacons
      this.sent += batch.length;
    }
  }

  async #send() {
    this.#timer = null;
    if (this.#sending || !this.#queue.length) return;
    this.#sending = true;
    const batch = this.#queue.splice(0, BATCH);
    try {
      const response = await fetch(this.#url, {
        method: 'POST', keepalive: true, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ events: batch }),
      });
      this.#failures = 0;
      if (response.ok) this.sent += batch.length;
      else if (refused(response)) this.#off = true;
      else if (response.status === 429 || response.status >= 500) throw new Error(response.statusText);
    } catch {
      this.#failures = Math.min(this.#failures + 1, 10);
      this.#queue.unshift(...batch); // a report that comes twice counts once
    }
    this.#sending = false;
    if (this.#off) this.#queue = [];
    else if (this.#queue.length) this.#timer ??= setTimeout(() => this.#send(), Math.min(SOON * 2 ** this.#failures, LONGEST));
  }
}
