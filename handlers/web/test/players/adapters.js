// Runs inside a bare page beside a player's own script, and makes the players alike. Tests reach it as window.play and window.player:
//
//   heights()       of the renditions that can be chosen, in px
//   height(h)       chooses one, and no other from then on
//   languages()     of the sounds; language(tag) chooses one
//   texts()         languages of the subtitles; text(tag) shows one
//
// Whatever a player complains of is a "problem" event of the video, as on our own page.
{
  const video = document.querySelector('video');
  const problem = (fatal, what) => video.dispatchEvent(new CustomEvent('problem', { bubbles: true, detail: { fatal, what } }));
  const once = (target, type) => new Promise((done) => target.addEventListener(type, done, { once: true }));

  const players = {
    async 'hls.js'(url) {
      const hls = new Hls();
      hls.on(Hls.Events.ERROR, (_, { fatal, details }) => problem(fatal, details));
      hls.attachMedia(video);
      hls.loadSource(url);
      await new Promise((done) => hls.once(Hls.Events.LEVEL_LOADED, done));
      return {
        heights: () => hls.levels.map((level) => level.height),
        height: (h) => (hls.nextLevel = hls.levels.findIndex((level) => level.height === h)),
        languages: () => hls.audioTracks.map((track) => track.lang),
        language: (tag) => (hls.audioTrack = hls.audioTracks.findIndex((track) => track.lang === tag)),
        texts: () => hls.subtitleTracks.map((track) => track.lang),
        text(tag) {
          hls.subtitleDisplay = true;
          hls.subtitleTrack = hls.subtitleTracks.findIndex((track) => track.lang === tag);
        },
      };
    },

    async 'shaka-player'(url) {
      const player = new shaka.Player();
      player.addEventListener('error', ({ detail }) => problem(detail.severity === 2, `shaka ${detail.code} ${detail.message}`));
      player.configure('abr.droppedFrames', false); // a busy machine drops some, and would lose its best rendition for it
      await player.attach(video);
      await player.load(url);
      return {
        heights: () => player.getVideoTracks().map((track) => track.height),
        height(h) {
          player.configure('abr.enabled', false);
          player.selectVideoTrack(player.getVideoTracks().find((track) => track.height === h), true, 4);
        },
        languages: () => player.getAudioTracks().map((track) => track.language),
        language: (tag) => player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === tag)),
        texts: () => player.getTextTracks().map((track) => track.language),
        text: (tag) => player.selectTextTrack(player.getTextTracks().find((track) => track.language === tag)),
      };
    },

    async 'dash.js'(url) {
      const player = dashjs.MediaPlayer().create();
      player.updateSettings({ debug: { logLevel: dashjs.Debug.LOG_LEVEL_WARNING }, streaming: { buffer: { fastSwitchEnabled: true } } });
      player.on('error', ({ error }) => problem(true, `dash.js ${error.code} ${error.message}`));
      player.initialize(video, url, false);
      player.attachTTMLRenderingDiv(document.getElementById('captions'));
      await once(video, 'loadedmetadata');
      const tracks = (kind) => player.getTracksFor(kind);
      return {
        heights: () => player.getRepresentationsByType('video').map((representation) => representation.height),
        height(h) {
          player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
          player.setRepresentationForTypeById('video', player.getRepresentationsByType('video').find((representation) => representation.height === h).id, true);
        },
        languages: () => tracks('audio').map((track) => track.lang),
        language: (tag) => player.setCurrentTrack(tracks('audio').find((track) => track.lang === tag)),
        texts: () => tracks('text').map((track) => track.lang),
        text(tag) {
          player.enableText(true);
          player.setTextTrack(tracks('text').findIndex((track) => track.lang === tag));
        },
      };
    },

    async 'video.js'(url) {
      const player = videojs(video, { html5: { vhs: { overrideNative: true }, nativeAudioTracks: false, nativeVideoTracks: false, nativeTextTracks: false } });
      player.on('error', () => problem(true, `video.js ${player.error()?.code} ${player.error()?.message}`));
      player.on('warn', (event) => problem(false, `video.js ${event.message}`));
      player.src({ src: url, type: url.endsWith('.mpd') ? 'application/dash+xml' : 'application/vnd.apple.mpegurl' });
      await new Promise((done) => player.one('loadedmetadata', done));
      const levels = () => Array.from(player.qualityLevels());
      const tracks = (list, kinds) => Array.from(list).filter((track) => !kinds || kinds.includes(track.kind));
      return {
        heights: () => levels().map((level) => level.height),
        height: (h) => levels().forEach((level) => (level.enabled = level.height === h)),
        languages: () => tracks(player.audioTracks()).map((track) => track.language),
        language: (tag) => (tracks(player.audioTracks()).find((track) => track.language === tag).enabled = true),
        texts: () => tracks(player.textTracks(), ['subtitles', 'captions']).map((track) => track.language),
        text: (tag) => tracks(player.textTracks(), ['subtitles', 'captions']).forEach((track) => (track.mode = track.language === tag ? 'showing' : 'disabled')),
        shown: () => tracks(player.textTracks()).flatMap((track) => (track.mode === 'showing' ? Array.from(track.activeCues ?? []) : [])),
      };
    },
  };

  /** Loads a film into a player, and begins to play it. */
  window.play = async (name, url) => {
    window.player = await measure.within('the film to load', players[name](url));
    await measure.play();
  };

  /** The subtitles that are on the screen now. */
  window.subtitle = () => {
    const native = Array.from(video.textTracks).filter((track) => track.mode === 'showing').flatMap((track) => Array.from(track.activeCues ?? []));
    const cues = [...native, ...(window.player.shown?.() ?? [])].map((cue) => cue.text);
    return [...cues, document.getElementById('captions').innerText].join('\n');
  };
}
