// Plays DASH by shaka-player. The module is fetched when it is first chosen.

import { failedRequest, TAIL } from './hls.js';
import { forcedFor, named, qualityChoices } from './tracks.js';
import { bitrate } from './words.js';

const AHEAD = 60; // s of film fetched ahead
const KEPT = 4; // s of it that stay when a quality is chosen, so that the film plays on

/** Fetches shaka-player; null where this build has none, or where it can't run here. */
export async function load() {
  try {
    const { default: shaka } = await import('../dist/shaka.js');
    return shaka.Player.isBrowserSupported() ? shaka : null;
  } catch {
    return null;
  }
}

/** An engine of the same shape as HlsEngine, but that the film can't be told to play before it is ready. */
export class DashEngine {
  #shaka;
  #player;
  #video;
  #on;
  #failing = false; // what was last asked of the server did not come
  #ended = false;
  #end = new AbortController();
  #off = true; // nobody chose subtitles, so that only what everybody needs is shown

  constructor(shaka, video, manifest, time, on) {
    this.name = `shaka-player ${shaka.Player.version}`;
    this.#shaka = shaka;
    this.#video = video;
    this.#on = on;
    this.#player = new shaka.Player();
    this.#player.configure({
      streaming: { bufferingGoal: AHEAD, retryParameters: { maxAttempts: 5, baseDelay: 500 } },
      abr: { restrictToElementSize: false },
    });
    for (const event of ['trackschanged', 'variantchanged', 'adaptation', 'textchanged', 'audiotrackschanged']) {
      this.#player.addEventListener(event, () => !this.#ended && on.tracks());
    }
    for (const event of ['trackschanged', 'variantchanged', 'audiotrackschanged']) this.#player.addEventListener(event, () => this.#force());
    this.#player.addEventListener('error', ({ detail }) => this.#error(detail));
    this.#player.addEventListener('buffering', ({ buffering }) => buffering && this.#pictureEnded() && this.#reach(TAIL));
    video.addEventListener('seeking', () => this.#reach(AHEAD), { signal: this.#end.signal });
    this.#player.addEventListener('segmentappended', () => (this.#failing = false));
    this.#player.getNetworkingEngine().addEventListener('retry', () => (this.#failing = true));
    this.ready = this.#open(video, manifest, time);
  }

  async #open(video, manifest, time) {
    try {
      await this.#player.attach(video);
      await this.#player.load(manifest, time || null, 'application/dash+xml');
    } catch (error) {
      this.#error(error);
    }
  }

  destroy() {
    this.#ended = true;
    this.#end.abort();
    return this.#player.destroy();
  }

  /** Whether only sound is left to play: the picture has run out, and of the sound there is all that was to be fetched. */
  #pictureEnded() {
    const { video, audio } = this.#player.getBufferedInfo();
    const left = (ranges) => (ranges.at(-1)?.end ?? 0) - this.#video.currentTime;
    return video.length > 0 && left(video) < 1 && left(audio) > AHEAD / 2;
  }

  /** How far ahead is fetched, in s: see HlsEngine. */
  #reach(goal) {
    this.#player.configure('streaming.bufferingGoal', goal);
  }

  get qualities() {
    // By its rate, not by its place in the list: that loses renditions for a while when they fail or drop frames.
    return qualityChoices(this.#player.getVideoTracks().map(({ height, bandwidth }) => ({ id: bandwidth, height: height ?? 0, rate: bandwidth })));
  }

  get quality() {
    if (this.#player.getConfiguration().abr.enabled) return -1;
    return this.#player.getVideoTracks().find((track) => track.active)?.bandwidth ?? -1;
  }

  set quality(id) {
    const chosen = this.#player.getVideoTracks().find((track) => track.bandwidth === id);
    this.#player.configure('abr.enabled', !chosen);
    if (chosen) this.#player.selectVideoTrack(chosen, true, KEPT);
  }

  get audios() {
    return named(this.#player.getAudioTracks().map(({ label, language }) => ({ name: label, lang: language }))).map((label, id) => ({ id, label }));
  }

  get audio() {
    return this.#player.getAudioTracks().findIndex((track) => track.active);
  }

  set audio(id) {
    this.#player.selectAudioTrack(this.#player.getAudioTracks()[id], KEPT);
  }

  get subtitles() {
    return named(this.#player.getTextTracks().map(({ label, language }) => ({ name: label, lang: language }))).map((label, id) => ({ id, label }));
  }

  get subtitle() {
    const shown = this.#shown;
    return this.#off && shown === this.#forced ? -1 : shown;
  }

  set subtitle(id) {
    this.#off = id < 0;
    this.#player.selectTextTrack(this.#player.getTextTracks()[this.#off ? this.#forced : id] ?? null);
  }

  get #shown() {
    return this.#player.getTextTracks().findIndex((track) => track.active);
  }

  get #forced() {
    const sound = this.#player.getAudioTracks().find((track) => track.active);
    return forcedFor(sound?.language, this.#player.getTextTracks().map(({ forced, language }) => ({ forced, lang: language })));
  }

  #force() {
    if (!this.#ended && this.#off && this.#shown !== this.#forced) this.subtitle = -1;
  }

  get playing() {
    if (this.#failing) return 'loading fails, trying again';
    const track = this.#player.getVideoTracks().find(({ active }) => active);
    const rate = track?.bandwidth ?? this.#player.getStats().streamBandwidth;
    return [track?.height && `${track.width}×${track.height}`, rate && bitrate(rate)].filter(Boolean).join(', ');
  }

  /** The rendition that is seen: the active one is what is fetched. */
  get current() {
    const tracks = this.#player.getVariantTracks();
    const { videoHeight } = this.#video;
    const active = tracks.find((track) => track.active);
    const seen = active?.height === videoHeight ? active : tracks.find(({ height, audioId }) => height === videoHeight && audioId === active?.audioId);
    const { originalVideoId = '', bandwidth = 0 } = seen ?? active ?? {};
    return { rendition: originalVideoId ?? '', bandwidth };
  }

  /** What the network carries, in bit/s; 0 where it isn't known yet. */
  get bandwidth() {
    return this.#player.getStats().estimatedBandwidth || 0;
  }

  async #error(error) {
    const { Code, Category, Severity } = this.#shaka.util.Error;
    if (this.#ended || error.code === Code.LOAD_INTERRUPTED) return;
    if (error.severity !== Severity.CRITICAL) {
      this.#on.problem(false, `shaka ${error.code}`);
      return;
    }
    const codecs = [Code.CONTENT_UNSUPPORTED_BY_BROWSER, Code.RESTRICTIONS_CANNOT_BE_MET];
    let words = `The player stopped (shaka-player’s error ${error.code}).`;
    if (codecs.includes(error.code)) words = 'This browser can’t decode any rendition of this film.';
    else if (error.category === Category.NETWORK) words = await failedRequest(error.data[0]);
    else if (error.category === Category.MANIFEST) words = 'The player can’t read the manifest.';
    else if (error.category === Category.MEDIA) words = 'The browser could not decode this film.';
    if (!this.#ended) this.#on.problem(true, words);
  }
}
