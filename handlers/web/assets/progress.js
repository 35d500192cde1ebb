// Where the viewer stopped in each film: kept by this browser, and by the server for the viewer's other devices and for
// when the browser forgets. Whichever is newer counts.

import { randomName, refused } from './reports.js';

const FILMS = 200; // that the browser keeps
const ASKED = 500; // films that the server is asked for
const NEAR_END = 10; // s before the end, or a twentieth of the film, where that is less: then it is finished
const PATIENCE = 1000; // ms that a film waits for the server's answer

/** Where a film goes on, in s: a finished one begins anew. */
export function startOf({ position, duration }) {
  const finished = duration > 0 && position >= duration - Math.min(NEAR_END, duration / 20);
  return finished ? 0 : position;
}

/** The newer of two records; either may be null. */
export const newer = (a, b) => (!a || (b && b.updatedAt > a.updatedAt) ? b : a);

/** What is kept in the browser's own store, as change has it from now on; empty where it has none, or forbids it. */
function stored(key, empty, change) {
  try {
    const kept = JSON.parse(localStorage.getItem(key)) ?? empty;
    if (change) localStorage.setItem(key, JSON.stringify(change(kept)));
    return kept;
  } catch {
    return empty;
  }
}

/** A name for this browser, which it keeps. */
function deviceName() {
  const kept = stored('unreel:device', '');
  if (kept) return { device: kept, known: true };
  const device = randomName();
  stored('unreel:device', '', () => device);
  return { device, known: false };
}

export class Progress {
  user;
  device;
  #key;
  #known; // whether the server may know of us
  #off = false;
  #slow = false; // it did not answer in time

  /** user names the viewer, for the server; "" where nobody does. */
  constructor(user) {
    this.user = user;
    this.#key = `unreel:progress:${user}`;
    const { device, known } = deviceName();
    this.device = device;
    this.#known = known || user !== '';
  }

  /** Where the viewer stopped, as this browser knows: {position, duration, updatedAt} in s, s and ms; null for nowhere. */
  local(title) {
    return stored(this.#key, []).find((record) => record.title === title) ?? null;
  }

  /** Likewise, as the server knows. It never fails. */
  async remote(title) {
    if (this.#off || !this.#known) return null;
    try {
      // The list, since a single film of which nothing is kept is an error, which browsers write into the console.
      const whose = this.user ? { userId: this.user } : { deviceId: this.device };
      const response = await fetch(`api/progress?${new URLSearchParams({ ...whose, limit: ASKED })}`);
      this.#off = refused(response);
      if (!response.ok) return null;
      const found = (await response.json()).items.find(({ videoId }) => videoId === title);
      return found ? { position: found.timestamp, duration: found.duration ?? 0, updatedAt: found.updatedAt } : null;
    } catch {
      return null;
    }
  }

  /** Where a film goes on: start in s, and later, a promise of another place that the server named too late, or null. */
  async resume(title) {
    const local = this.local(title);
    const answer = this.remote(title);
    const late = Symbol();
    const first = await Promise.race([answer, new Promise((done) => setTimeout(done, this.#slow ? 0 : PATIENCE, late))]);
    this.#slow = first === late;
    const best = first === late ? local : newer(local, first);
    const start = best ? startOf(best) : 0;
    const later = answer.then((remote) => {
      this.#slow = false;
      const place = first === late && remote && newer(local, remote) === remote ? startOf(remote) : start;
      return place === start ? null : place;
    });
    return { start, later };
  }

  /** Keeps where the viewer is, here; the oldest of too many are forgotten. */
  keep(title, record) {
    stored(this.#key, [], (all) => [{ title, ...record }, ...all.filter((other) => other.title !== title)].slice(0, FILMS));
  }

  /** Tells the server; where the page closes, by a beacon. */
  async send(title, { position, duration, updatedAt }, closing) {
    if (this.#off) return;
    const body = JSON.stringify({ videoId: title, userId: this.user, deviceId: this.device, timestamp: position, duration, updatedAt });
    if (closing && navigator.sendBeacon?.('api/progress', body)) return;
    try {
      const response = await fetch('api/progress', { method: 'PUT', keepalive: true, body, headers: { 'Content-Type': 'application/json' } });
      this.#off = refused(response);
      this.#known ||= response.ok;
    } catch {
      // The next report says more.
    }
  }
}
