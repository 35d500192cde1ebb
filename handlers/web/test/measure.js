// Runs inside the page, before its own scripts: watches playback, and reads the numbered frames and the beeps of the film
// that cmd/unreel/film_test.go makes. Tests reach it as window.measure.
{
  const RATE = 25; // frames a second
  const SQUARES = 16; // of the strip along the bottom edge
  const STARVED = 0.5; // s; with more of the film at hand it is the machine that is too busy to play it
  const LIMIT = 30_000; // ms that anything waited for may take, on a busy machine too
  const found = { problems: [], stalls: [], errors: [], violations: [] };

  const video = () => document.querySelector('video');
  /** How much of the film is at hand, in s; endless once its end is. */
  const ahead = (v) => {
    for (let i = 0; i < v.buffered.length; i++) {
      if (v.buffered.start(i) > v.currentTime + 0.05 || v.buffered.end(i) <= v.currentTime) continue;
      return v.duration - v.buffered.end(i) < 0.1 ? Infinity : v.buffered.end(i) - v.currentTime;
    }
    return 0;
  };

  // Waiting is playback's right until it has begun, and again after each seek; later it is a stall if the film is missing.
  let settled = false;
  const on = (type, f) => document.addEventListener(type, f, true);
  for (const type of ['emptied', 'loadstart', 'seeking']) on(type, () => (settled = false));
  on('playing', () => (settled = true));
  on('waiting', ({ target }) => {
    const begun = settled && target.buffered.length > 0; // an event of the film before may come late
    if (!begun || target.seeking || target.ended || ahead(target) > STARVED) return;
    found.stalls.push({ time: target.currentTime, buffered: measure.buffered() });
  });
  on('problem', ({ target, detail }) => {
    const { currentTime } = target;
    // The clock of hls.js starts with the priming of the sound, a frame before the picture. It may step over that if the
    // browser takes its time to.
    if (detail.what === 'bufferSeekOverHole' && currentTime <= 0.1) return;
    if (['bufferStalledError', 'bufferNudgeOnStall'].includes(detail.what) && ahead(target) > STARVED) return;
    // A fault of Chromium's own HLS (assets/native.js), which the page gets over; what it reported is struck out.
    if (detail.what === 'seekBrokenOff' && found.errors.at(-1)?.includes('DEMUXER_ERROR_COULD_NOT_PARSE')) {
      found.errors.pop();
      return;
    }
    found.problems.push({ ...detail, time: currentTime, buffered: measure.buffered() });
  });
  on('securitypolicyviolation', (event) => found.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
  on('error', ({ target }) => target instanceof HTMLMediaElement && found.errors.push(`${target.error?.code} ${target.error?.message}`));

  const canvas = document.createElement('canvas');
  canvas.width = 320;
  canvas.height = 180;
  const context = canvas.getContext('2d', { willReadFrequently: true });

  /** The number of the frame that the video shows. */
  function read(v) {
    context.drawImage(v, 0, 0, 320, 180);
    const { data } = context.getImageData(0, 175, 320, 1);
    const white = (i) => data[4 * (20 * i + 10) + 1] > 128;
    let number = 0;
    for (let i = 0; i < SQUARES; i++) number = 2 * number + white(i);
    return { number };
  }

  const after = (ms, value) => new Promise((done) => setTimeout(done, ms, value));

  /** A promise that is kept within the limit, while the player has not given up, or is broken with what was waited for and how the player stands then. */
  async function within(what, promise) {
    const since = performance.now();
    const late = Symbol();
    const stop = new AbortController();
    const gaveUp = new Promise((done) => {
      document.addEventListener('problem', ({ detail }) => detail.fatal && done(late), { signal: stop.signal });
    });
    const answer = await Promise.race([promise, after(LIMIT, late), gaveUp]);
    stop.abort();
    if (answer !== late) return answer;
    throw new Error(`waited ${((performance.now() - since) / 1000).toFixed(1)} s for ${what}: ${JSON.stringify(await measure.state())}`);
  }

  const event = (v, type) => within(`"${type}"`, new Promise((done) => v.addEventListener(type, done, { once: true })));
  const frame = (v) => new Promise((done) => v.requestVideoFrameCallback((now, data) => done({ now, ...data, ...read(v), time: v.currentTime })));
  const shown = (v) => within('a frame', frame(v));

  window.measure = {
    found,
    within,

    read: () => read(video()),
    buffered: () => Array.from(video().buffered, (_, i) => [video().buffered.start(i), video().buffered.end(i)]),
    ahead: () => ahead(video()),

    /** How the player stands, and whether the page is drawn at all. */
    async state() {
      const drawn = await Promise.race([new Promise((done) => requestAnimationFrame(() => done(true))), after(1000, false)]);
      const v = video();
      const { currentTime, duration, readyState, networkState, paused, seeking, ended, videoWidth } = v;
      const { totalVideoFrames, droppedVideoFrames } = v.getVideoPlaybackQuality();
      return {
        currentTime, duration, readyState, networkState, paused, seeking, ended, videoWidth, buffered: measure.buffered(),
        error: v.error?.message, totalVideoFrames, droppedVideoFrames, sound: heard?.audio.state, drawn, visible: document.visibilityState,
        texts: Array.from(v.textTracks, (track) => `${track.kind} ${track.language} ${track.mode} ${track.cues?.length} ${track.activeCues?.[0]?.text}`),
        status: document.getElementById('status')?.textContent, problem: document.getElementById('problem')?.textContent, found,
      };
    },

    /** Seeks the paused video, and gives the frame that it then shows. */
    async seek(time) {
      const v = video();
      v.pause();
      const next = frame(v);
      const seeked = event(v, 'seeked');
      v.currentTime = time;
      await seeked;
      await Promise.race([next, after(3000)]); // nobody is told of a frame that is shown already
      return { ...read(v), time: v.currentTime };
    },

    play: () => within('the film to begin', video().play()),

    /**
     * Plays the video to its end. It is not always told by an "ended": on a busy machine dash.js jumps the last moments
     * (GapController), and whoever is sent to the end does not play to it.
     */
    async end() {
      const v = video();
      const ended = event(v, 'ended');
      await measure.play();
      const there = async () => {
        while (!v.paused || v.seeking || v.currentTime < v.duration) await after(100);
      };
      await within('the end', Promise.race([ended, there()]));
    },

    /** Watches the playing video for some seconds of film, or more where few frames are shown: every frame that is shown, with its media time in s, and that of the player when it was read. */
    async watch(seconds) {
      const v = video();
      const frames = [];
      const end = v.currentTime + seconds;
      while ((v.currentTime < end || frames.length <= RATE / 5) && !v.ended) frames.push(await shown(v));
      return frames.map(({ mediaTime, number, time }) => ({ mediaTime, number, time }));
    },

    /**
     * Listens to the playing video until some beeps were heard, and gives for each how much later, in ms, it sounds than
     * the picture of its second is shown: from -250 to 750. Where there are none it gives up in time. The clock of the
     * picture is what the most punctual frames around a beep say: a busy machine shows some late and drops others.
     */
    async listen(wanted) {
      const v = video();
      const { audio, analyser } = await ear(v);
      const samples = new Float32Array(analyser.fftSize);
      const frames = []; // when the film's time 0 was shown, as each frame says
      const beeps = []; // when each began to sound, as each look at it says
      const end = v.currentTime + 3 * wanted;
      while (beeps.length < wanted && v.currentTime < end && !v.ended) {
        const { number, expectedDisplayTime } = await shown(v);
        frames.push({ at: expectedDisplayTime, zero: expectedDisplayTime - (number * 1000) / RATE });
        analyser.getFloatTimeDomainData(samples);
        const newest = soundingAt(audio);
        const first = onset(samples);
        if (first < 0) continue;
        const at = newest - ((samples.length - first) / audio.sampleRate) * 1000;
        if (!(at - beeps.at(-1)?.[0] < 500)) beeps.push([]);
        beeps.at(-1).push(at);
      }
      return beeps.map((looks) => quantile(looks, 0.5)).map((beep) => {
        const zero = quantile(frames.filter((frame) => Math.abs(frame.at - beep) < 1000).map((frame) => frame.zero), 0.1);
        return ((((beep - zero + 250) % 1000) + 1000) % 1000) - 250;
      });
    },
  };

  const quantile = (numbers, part) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * part)];

  let heard; // an element can be heard through one graph only
  async function ear(v) {
    if (!heard) {
      const audio = new AudioContext({ sampleRate: 48000 });
      const analyser = new AnalyserNode(audio, { fftSize: 32768 }); // 683 ms: a beep is seen even if frames are late
      audio.createMediaElementSource(v).connect(analyser).connect(audio.destination);
      heard = { audio, analyser };
    }
    await within('the sound to resume', heard.audio.resume());
    return heard;
  }

  /**
   * When the newest sample of the graph would sound, in ms of performance.now(), had the graph no latency of its own: the
   * element times its sound as though what it hands over sounded at once.
   */
  function soundingAt(audio) {
    const { contextTime, performanceTime } = audio.getOutputTimestamp();
    return performanceTime + (audio.currentTime - contextTime - audio.baseLatency - audio.outputLatency) * 1000;
  }

  /** Where a beep begins after 50 ms of silence; -1 where none does. */
  function onset(samples) {
    let quiet = 0;
    for (let i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) < 0.1) quiet++;
      else if (quiet > 2400) return i;
      else quiet = 0;
    }
    return -1;
  }
}
