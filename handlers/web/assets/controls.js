// The controls of the picture: play, the bar to scrub with its thumbnails, sound, full screen, and the keys for all of them.

import { clock, duration } from './words.js';

const STEP = 5; // s that an arrow key moves
const LEAP = 10; // s that j and l move
const IDLE = 3000; // ms without a move until a full screen shows the film alone

export class Controls {
  /** The thumbnails that the bar shows while one scrubs; null for none. */
  thumbnails = null;

  #video = document.getElementById('video');
  #screen = document.getElementById('screen');
  #play = document.getElementById('play');
  #position = document.getElementById('position');
  #preview = document.getElementById('preview');
  #time = document.getElementById('time');
  #mute = document.getElementById('mute');
  #volume = document.getElementById('volume');
  #full = document.getElementById('full');
  #scrubbing = false;
  #idle;

  /** onCaptions is called for the key c. */
  constructor({ onCaptions }) {
    const video = this.#video;
    const on = (target, types, f) => types.split(' ').forEach((type) => target.addEventListener(type, f));
    on(this.#play, 'click', () => this.#toggle());
    on(video, 'click', () => this.#toggle());
    on(video, 'dblclick', () => this.#toggleFull());
    on(this.#full, 'click', () => this.#toggleFull());
    on(this.#mute, 'click', () => (video.muted = !video.muted));
    on(this.#volume, 'input', () => {
      video.volume = Number(this.#volume.value);
      video.muted = false;
    });
    on(video, 'play pause ended emptied volumechange durationchange loadedmetadata', () => this.#tell());
    on(video, 'timeupdate progress seeking seeked', () => this.#move());
    on(this.#position, 'input', () => {
      this.#scrubbing = true;
      this.#show(Number(this.#position.value));
      this.#move();
    });
    on(this.#position, 'change', () => {
      this.#scrubbing = false;
      this.seek(Number(this.#position.value));
      this.#hide();
    });
    on(this.#position, 'pointermove', (event) => this.#show(this.#at(event)));
    on(this.#position, 'pointerleave blur', () => this.#hide());
    on(document.getElementById('player'), 'keydown', (event) => this.#key(event, onCaptions));
    on(this.#screen, 'pointermove keydown focusin', () => this.#wake());
    on(document, 'fullscreenchange', () => this.#wake());
    this.#tell();
  }

  /** Goes to a time of the film, in s. */
  seek(time) {
    const { duration: length } = this.#video;
    if (length > 0) this.#video.currentTime = Math.min(Math.max(0, time), length);
  }

  #toggle() {
    if (this.#video.paused || this.#video.ended) this.#video.play().catch(() => {}); // the player reports what fails
    else this.#video.pause();
  }

  #toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.#screen.requestFullscreen) this.#screen.requestFullscreen().catch(() => {});
    else this.#video.webkitEnterFullscreen?.(); // iPhones show the picture alone
  }

  #key(event, onCaptions) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { target, key } = event;
    const ranged = target === this.#position || target === this.#video;
    const actions = {
      ' ': target.tagName !== 'BUTTON' && (() => this.#toggle()),
      k: () => this.#toggle(),
      ArrowLeft: ranged && (() => this.seek(this.#video.currentTime - STEP)),
      ArrowRight: ranged && (() => this.seek(this.#video.currentTime + STEP)),
      j: () => this.seek(this.#video.currentTime - LEAP),
      l: () => this.seek(this.#video.currentTime + LEAP),
      Home: ranged && (() => this.seek(0)),
      End: ranged && (() => this.seek(this.#video.duration)),
      f: () => this.#toggleFull(),
      m: () => (this.#video.muted = !this.#video.muted),
      c: onCaptions,
    };
    if (target.tagName === 'SELECT' || !Object.hasOwn(actions, key) || !actions[key]) return;
    event.preventDefault();
    actions[key]();
  }

  /** Shows what plays and how loud. */
  #tell() {
    const { paused, ended, muted, volume, duration: length } = this.#video;
    const playing = !paused && !ended;
    this.#screen.classList.toggle('playing', playing);
    this.#screen.classList.toggle('muted', muted || volume === 0);
    this.#play.ariaLabel = playing ? 'Pause' : 'Play';
    this.#mute.ariaLabel = muted ? 'Unmute' : 'Mute';
    this.#volume.value = muted ? 0 : volume;
    this.#volume.style.setProperty('--done', `${(muted ? 0 : volume) * 100}%`);
    this.#position.max = Number.isFinite(length) ? length : 1;
    this.#position.disabled = !(length > 0);
    this.#move();
  }

  /** Shows where the film is, and what of it is at hand. */
  #move() {
    const { duration: length, buffered, currentTime } = this.#video;
    if (!this.#scrubbing) this.#position.value = length > 0 ? currentTime : 0;
    const time = Number(this.#position.value);
    const known = Number.isFinite(length);
    this.#time.textContent = known ? `${clock(time)} / ${clock(length)}` : '';
    this.#position.ariaValueText = known ? `${duration(time)} of ${duration(length)}` : '';
    let end = time;
    for (let i = 0; i < buffered.length; i++) if (buffered.start(i) <= time + 0.1) end = Math.max(end, buffered.end(i));
    this.#position.style.setProperty('--done', known ? `${(time / length) * 100}%` : '0%');
    this.#position.style.setProperty('--ready', known ? `${(end / length) * 100}%` : '0%');
  }

  /** The time that a pointer on the bar is at. */
  #at({ clientX }) {
    const { left, width } = this.#position.getBoundingClientRect();
    return Math.min(Math.max(0, (clientX - left) / width), 1) * Number(this.#position.max);
  }

  /** Shows the time, and the thumbnail where there is one, above a place on the bar. */
  async #show(time) {
    if (!Number.isFinite(this.#video.duration)) return;
    this.#preview.hidden = false;
    this.#preview.querySelector('span').textContent = clock(time);
    const canvas = this.#preview.querySelector('canvas');
    const picture = this.thumbnails?.at(time);
    if (!picture) canvas.hidden = true;
    this.#place(time);
    if (picture && (await picture.draw(canvas))) {
      canvas.hidden = false;
      this.#place(time); // it may be wider than the one before
    }
  }

  #place(time) {
    const room = this.#position.clientWidth;
    const half = this.#preview.offsetWidth / 2;
    const middle = (time / Number(this.#position.max)) * room;
    this.#preview.style.left = `${Math.min(Math.max(half, middle), Math.max(half, room - half))}px`;
  }

  #hide() {
    if (!this.#scrubbing) this.#preview.hidden = true;
  }

  #wake() {
    clearTimeout(this.#idle);
    this.#screen.classList.remove('idle');
    if (document.fullscreenElement) this.#idle = setTimeout(() => this.#screen.classList.add('idle'), IDLE);
  }
}
