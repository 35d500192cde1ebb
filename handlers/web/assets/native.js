// Plays by the browser's own HLS. It chooses renditions and tracks by itself.

import { failedRequest } from './hls.js';
import { FoundCaptions } from './tracks.js';

/** Whether the browser says that it plays HLS by itself. */
export const possible = (video) => video.canPlayType('application/vnd.apple.mpegurl') !== '';

/** An engine of the same shape as HlsEngine. */
export class NativeEngine {
  qualities = [];
  quality = -1;
  audios = [];
  audio = -1;
  bandwidth = 0; // the browser keeps it to itself
  name = 'native HLS';
  #video;
  #master;
  #on;
  #found;
  #end = new AbortController();
  #sought = null; // s of the film that a seek under way leads to
  #tried = null; // the one that was tried a second time

  constructor(video, master, time, on) {
    this.#video = video;
    this.#master = master;
    this.#on = on;
    this.#found = new FoundCaptions(video, ['subtitles', 'captions']);
    const options = { signal: this.#end.signal };
    for (const type of ['addtrack', 'removetrack', 'change']) video.textTracks.addEventListener(type, () => on.tracks(), options);
    video.addEventListener('seeking', () => (this.#sought = video.currentTime), options);
    video.addEventListener('seeked', () => (this.#sought = null), options);
    video.addEventListener('error', () => this.#error(), options);
    if (time > 0) video.addEventListener('loadedmetadata', () => (video.currentTime = Math.min(time, video.duration)), { once: true, ...options });
    video.src = master;
  }

  destroy() {
    this.#end.abort();
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  get subtitles() {
    return this.#found.choices;
  }

  get subtitle() {
    return this.#found.chosen;
  }

  set subtitle(id) {
    this.#found.chosen = id;
  }

  get playing() {
    const { videoWidth, videoHeight } = this.#video;
    return [videoWidth && `${videoWidth}×${videoHeight}`, 'the browser’s own HLS'].filter(Boolean).join(', ');
  }

  /**
   * Chromium breaks off with an error when a seek to before what is buffered meets the end of a segment's fetch: the new time is set
   * at once, the old buffer is cleared later, and in between HlsRenditionImpl::CheckState finds that "Loaded ranges conflict
   * with media time" (media/filters/hls_rendition_impl.cc, Chromium 156). So a seek that fails is tried once more from the start.
   */
  #error() {
    const place = this.#sought;
    if (place === null || place === this.#tried) return this.#fail();
    this.#tried = place;
    this.#on.problem(false, 'seekBrokenOff');
    const paused = this.#video.paused;
    this.#video.addEventListener('loadedmetadata', () => (this.#video.currentTime = place), { once: true, signal: this.#end.signal });
    this.#video.load();
    if (!paused) this.#video.play().catch(() => {}); // errors come as events
  }

  /** The rendition that is seen, as far as the browser tells. */
  get current() {
    const { videoHeight } = this.#video;
    return { rendition: videoHeight ? `${videoHeight}p` : '' };
  }

  async #fail() {
    this.#on.problem(true, await words(this.#video.error, this.#master));
  }
}

function words(error, master) {
  if (error?.code === MediaError.MEDIA_ERR_DECODE) return 'The browser could not decode this film.';
  return failedRequest(master, 'The browser’s own HLS can’t play this film.');
}
