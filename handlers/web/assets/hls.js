// Plays by hls.js. The module is fetched when the first film is opened.

import { forcedFor, FoundCaptions, named, qualityChoices } from './tracks.js';
import { bitrate, refusal } from './words.js';

const RECOVERY = 5000; // ms within which a second decoding error is not worth another try
const ECHO = 500; // ms within which hls.js may still report what the video element already did
const AHEAD = 60; // s of film fetched ahead at most: many a viewer leaves in the first minute
export const TAIL = 3600; // s of sound fetched behind the picture's end at most

/** Whether this browser has Media Source Extensions at all; an iPhone has them under a name of its own. */
export const possible = () => 'ManagedMediaSource' in globalThis || 'MediaSource' in globalThis;

/** Fetches hls.js; null where this build has none, or where it can't run here. */
export async function load() {
  let module;
  try {
    module = await import('../dist/hls.js');
  } catch {
    return { missing: true };
  }
  return { Hls: module.default.isSupported() ? module.default : null };
}

/** An engine plays one master playlist in a video element from a time in s; it reports to on.problem(fatal, what) and on.tracks(). */
export class HlsEngine {
  #hls;
  #on;
  #video;
  #end = new AbortController();
  #found;
  #off = true; // nobody chose subtitles, so that only what everybody needs is shown
  #measured = false; // a segment came, so that what hls.js knows of the network is no guess
  #failing = false; // what was last asked of the server did not come
  #recovered = -Infinity; // when playback was last taken up again after a decoding error

  constructor(Hls, video, master, time, on) {
    this.name = `hls.js ${Hls.version}`;
    this.#on = on;
    this.#video = video;
    this.#found = new FoundCaptions(video, ['captions'], () => this.#hls.subtitleTracks);
    const { Events } = Hls;
    this.#hls = new Hls({
      workerPath: new URL('../dist/hls.worker.js', import.meta.url).href,
      maxMaxBufferLength: AHEAD,
      startPosition: time || -1,
    });
    this.#hls.on(Events.ERROR, (_, data) => this.#error(Hls, data));
    this.#hls.on(Events.FRAG_LOADED, () => {
      this.#failing = false;
      this.#measured = true;
    });
    this.#hls.on(Events.BUFFER_EOS, (_, { type }) => type !== 'audio' && this.#reach(TAIL, TAIL));
    const { maxBufferLength } = this.#hls.config;
    video.addEventListener('seeking', () => this.#reach(maxBufferLength, AHEAD), { signal: this.#end.signal });
    const tracks = [Events.MANIFEST_PARSED, Events.AUDIO_TRACKS_UPDATED, Events.LEVEL_SWITCHED, Events.AUDIO_TRACK_SWITCHED,
      Events.SUBTITLE_TRACKS_UPDATED, Events.SUBTITLE_TRACK_SWITCH];
    for (const event of tracks) this.#hls.on(event, () => on.tracks());
    for (const event of [Events.AUDIO_TRACK_SWITCHED, Events.SUBTITLE_TRACKS_UPDATED]) this.#hls.on(event, () => this.#force());
    video.textTracks.addEventListener('addtrack', () => on.tracks(), { signal: this.#end.signal });
    video.addEventListener('error', () => this.#undecodable(video.error?.message ?? ''), { signal: this.#end.signal });
    this.#hls.loadSource(master);
    this.#hls.attachMedia(video);
  }

  destroy() {
    this.#end.abort();
    this.#hls.destroy();
  }

  /** The renditions to choose from, best first: {id, label}; a single one is no choice. */
  get qualities() {
    return qualityChoices(this.#hls.levels.map(({ height, bitrate: rate }, id) => ({ id, height, rate })));
  }

  /** The id of the chosen quality; -1 leaves the choice to the player. */
  get quality() {
    return this.#hls.autoLevelEnabled ? -1 : this.#hls.nextLevel;
  }

  set quality(id) {
    this.#hls.nextLevel = id; // what plays goes on playing until the next segment
  }

  /** The audio tracks to choose from: {id, label}. */
  get audios() {
    return named(this.#hls.audioTracks).map((label, id) => ({ id, label }));
  }

  get audio() {
    return this.#hls.audioTrack;
  }

  set audio(id) {
    this.#hls.audioTrack = id;
  }

  /** The subtitles to choose from: {id, label}; then the captions that were found within the picture. */
  get subtitles() {
    const own = this.#hls.subtitleTracks;
    return [...named(own).map((label, id) => ({ id, label })), ...this.#found.choices.map(({ id, label }) => ({ id: own.length + id, label }))];
  }

  /** The id of the subtitles that are shown; -1 for none but what everybody needs. */
  get subtitle() {
    const { subtitleTrack, subtitleTracks } = this.#hls;
    if (this.#found.chosen >= 0) return subtitleTracks.length + this.#found.chosen;
    return this.#off && subtitleTrack === this.#forced ? -1 : subtitleTrack;
  }

  set subtitle(id) {
    const { length } = this.#hls.subtitleTracks;
    this.#off = id < 0;
    this.#hls.subtitleTrack = this.#off ? this.#forced : id < length ? id : -1;
    this.#found.chosen = this.#off ? -1 : id - length;
  }

  get #forced() {
    const { audioTracks, audioTrack, subtitleTracks } = this.#hls;
    return forcedFor(audioTracks[audioTrack]?.lang, subtitleTracks);
  }

  #force() {
    if (this.#off && this.#hls.subtitleTrack !== this.#forced) this.#hls.subtitleTrack = this.#forced;
  }

  /** What the network carries, in bit/s; 0 where it isn't known yet. */
  get bandwidth() {
    return this.#measured ? this.#hls.bandwidthEstimate : 0;
  }

  /** What plays now, in a few words. */
  get playing() {
    const level = this.#hls.levels[this.#hls.currentLevel];
    if (this.#failing) return 'loading fails, trying again';
    if (!level) return '';
    return [level.height && `${level.width}×${level.height}`, bitrate(level.averageBitrate || level.bitrate)].filter(Boolean).join(', ');
  }

  /** The rendition that is seen, by its name in URLs, and its bit rate in bit/s. */
  get current() {
    const level = this.#hls.levels[this.#hls.currentLevel];
    return level && { rendition: folderOf(level.uri), bandwidth: level.averageBitrate || level.bitrate };
  }

  /**
   * How far ahead is fetched, in s. A picture that is shorter than its sound needs all of that: Media Source Extensions play on
   * behind the picture's end only once both have come to theirs.
   */
  #reach(least, most) {
    Object.assign(this.#hls.config, { maxBufferLength: least, maxMaxBufferLength: most });
  }

  #error(Hls, data) {
    const { ErrorDetails: D, ErrorTypes: T } = Hls;
    const codecs = [D.MANIFEST_INCOMPATIBLE_CODECS_ERROR, D.BUFFER_ADD_CODEC_ERROR, D.BUFFER_INCOMPATIBLE_CODECS_ERROR];
    const playlists = [D.MANIFEST_PARSING_ERROR, D.LEVEL_PARSING_ERROR, D.LEVEL_EMPTY_ERROR];
    this.#failing ||= data.type === T.NETWORK_ERROR;
    if (!data.fatal) this.#on.problem(false, data.details);
    else if (codecs.includes(data.details)) this.#fail('This browser can’t decode any rendition of this film.');
    else if (playlists.includes(data.details)) this.#fail('The player can’t read the playlist.');
    else if (data.type === T.MEDIA_ERROR) this.#undecodable(data.details);
    else if (data.type === T.NETWORK_ERROR) this.#fail(failedRequest(data.frag?.url ?? data.url));
    else this.#fail(`The player stopped (${data.details}).`);
  }

  /** The browser gave up decoding, or hls.js feeding it. Once in a while that is worth another try. */
  #undecodable(details) {
    const since = performance.now() - this.#recovered;
    if (since < ECHO && !this.#video.error) return;
    if (since < RECOVERY) {
      this.#fail('The browser could not decode this film.');
      return;
    }
    this.#recovered = performance.now();
    this.#hls.recoverMediaError();
    this.#on.problem(false, details);
  }

  async #fail(words) {
    this.#hls.stopLoad();
    this.#on.problem(true, await words);
  }
}

/** The name of the folder that a URL's file lies in: a rendition's, where the file is its playlist. */
function folderOf(url) {
  const name = url.split(/[?#]/)[0].split('/').at(-2) ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Asks again for what the player could not use, to learn why: the server answers errors in words. It may have come by now. */
export async function failedRequest(url, come = 'A part of the film did not arrive in time.') {
  try {
    const response = await fetch(url, { headers: { Accept: 'application/json' } });
    if (!response.ok) return `This can’t be played: ${await refusal(response)}.`;
    await response.body?.cancel();
    return come;
  } catch {
    return 'The server can’t be reached.';
  }
}
