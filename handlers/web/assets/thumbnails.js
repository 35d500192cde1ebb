// Pictures for the scrubbing bar: a WebVTT file whose cues name images, or parts of them by "#xywh=x,y,w,h" (Media Fragments
// URI 1.0, 4.2.2).

const WIDEST = 200; // CSS px

const seconds = (text) => text.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);

/** The cues of a WebVTT file at url: [{start, end, image, area: [x, y, w, h] or null}]. Times are s; what is no cue is passed over. */
export function parse(text, url) {
  const cues = [];
  for (const block of text.replaceAll('\r\n', '\n').split(/\n{2,}/)) {
    const found = block.match(/^((?:\d+:)?\d\d:\d\d\.\d{3})[ \t]+-->[ \t]+((?:\d+:)?\d\d:\d\d\.\d{3})[^\n]*\n(\S+)/m);
    if (!found) continue;
    const image = new URL(found[3], url);
    const area = image.hash.match(/^#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$/)?.slice(1).map(Number) ?? null;
    image.hash = '';
    cues.push({ start: seconds(found[1]), end: seconds(found[2]), image: image.href, area });
  }
  return cues;
}

export class Thumbnails {
  #cues;
  #images = new Map(); // URL -> HTMLImageElement, loaded or on its way
  #wanted = null; // what was asked for last: pictures that come later than another are not drawn

  constructor(cues) {
    this.#cues = cues;
  }

  /** Fetches a WebVTT file; null where it holds none. */
  static async load(url) {
    const response = await fetch(url);
    if (!response.ok) return null;
    const cues = parse(await response.text(), url);
    return cues.length ? new Thumbnails(cues) : null;
  }

  /** The picture of a time in s, to be drawn on a canvas; null where there is none. */
  at(time) {
    const cue = this.#cues.find(({ start, end }) => start <= time && time < end) ?? (time >= this.#cues.at(-1).end ? this.#cues.at(-1) : null);
    return cue && { draw: (canvas) => this.#draw(cue, canvas) };
  }

  /** Tells whether it was drawn: it is not where it can't be loaded, or another was asked for meanwhile. */
  async #draw(cue, canvas) {
    this.#wanted = cue;
    if (!this.#images.has(cue.image)) this.#images.set(cue.image, Object.assign(new Image(), { src: cue.image }));
    const image = this.#images.get(cue.image);
    try {
      await image.decode();
    } catch {
      this.#images.delete(cue.image); // so that it is asked for again
      return false;
    }
    if (this.#wanted !== cue) return false;
    const [x, y, w, h] = cue.area ?? [0, 0, image.naturalWidth, image.naturalHeight];
    const scale = Math.min(1, WIDEST / w);
    const sharp = Math.min(devicePixelRatio, 1 / scale);
    canvas.style.width = `${Math.round(w * scale)}px`;
    canvas.width = Math.round(w * scale * sharp);
    canvas.height = Math.round(h * scale * sharp);
    canvas.getContext('2d').drawImage(image, x, y, w, h, 0, 0, canvas.width, canvas.height);
    return true;
  }
}
