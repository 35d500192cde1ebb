// What the engines have in common when they name tracks.

import { bitrate, language } from './words.js';

/** Choices of quality, best first: {id, label}. Levels have an id, a height in px (0 without a picture) and a rate in bit/s. */
export function qualityChoices(levels) {
  const twice = (height) => levels.filter((level) => level.height === height).length > 1;
  return levels
    .toSorted((a, b) => b.height - a.height || b.rate - a.rate)
    .map(({ id, height, rate }) => ({
      id,
      label: height && !twice(height) ? `${height}p` : [height && `${height}p`, bitrate(rate)].filter(Boolean).join(' '),
    }));
}

/** A name in words where it is a mere tag, or begins with one as the server's "en (SDH)" does. */
function inWords(name, lang) {
  if (!name || name === lang) return language(lang);
  return lang && name.startsWith(`${lang} (`) ? language(lang) + name.slice(lang.length) : name;
}

/** Names tracks of sound or text {name, lang}, each by its own name where it has one that is no mere tag; no two alike. */
export function named(tracks) {
  const labels = tracks.map(({ name, lang }, i) => inWords(name, lang) || name || `Track ${i + 1}`);
  return labels.map((label, i) => (labels.indexOf(label) === labels.lastIndexOf(label) ? label : `${label} (${i + 1})`));
}

/**
 * The place among tracks of text {lang, forced} of what everybody needs who hears a language, and is shown unasked
 * (RFC 8216 §4.3.4.1, FORCED); -1 where there is none, or nobody knows the language.
 */
export function forcedFor(lang, tracks) {
  const base = (tag) => (tag ?? '').split('-')[0].toLowerCase();
  return ['', 'und'].includes(base(lang)) ? -1 : tracks.findIndex((track) => track.forced && base(track.lang) === base(lang));
}

/** The tracks of text that the browser itself found in the film, and how to choose one: {id, label}; -1 is none. */
export class FoundCaptions {
  #video;
  #kinds;
  #others;

  /** others are the tracks {name, lang} that the player shows itself: hls.js has subtitles for the deaf as captions in the video too. */
  constructor(video, kinds, others = () => []) {
    this.#video = video;
    this.#kinds = kinds;
    this.#others = others;
  }

  get #tracks() {
    const others = this.#others();
    const found = ({ kind, label, language: lang }) => this.#kinds.includes(kind) && !others.some((other) => other.name === label && (other.lang ?? '') === lang);
    return Array.from(this.#video.textTracks).filter(found);
  }

  get choices() {
    const labels = named(this.#tracks.map(({ label, language: lang }) => ({ name: label, lang })));
    return labels.map((label, id) => ({ id, label }));
  }

  get chosen() {
    return this.#tracks.findIndex((track) => track.mode === 'showing');
  }

  set chosen(id) {
    this.#tracks.forEach((track, i) => (track.mode = i === id ? 'showing' : 'disabled'));
  }
}
