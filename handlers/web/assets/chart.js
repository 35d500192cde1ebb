// Line charts over time as plain SVG, drawn to the width that there is.

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 190; // CSS px, with what stands around the lines
const EDGE = { top: 10, right: 8, bottom: 24 };
const LINES = 4; // of the grid, about
const LABEL = 90; // px that a time beneath takes
const LETTER = 7.5; // px of a value at the side

function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A round step of 1, 2 or 5 times a power of ten that divides a height into some lines. */
export function roundStep(height, lines = LINES) {
  const least = height / lines;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least * (1 - 1e-9));
}

const TIMES = [60, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 172800].map((s) => s * 1000); // ms between labels

/** Where times are written, in ms: at round ones of the viewer's own clock. */
export function timeLabels(from, to, most) {
  const step = TIMES.find((ms) => (to - from) / ms <= most) ?? TIMES.at(-1);
  const zone = new Date(to).getTimezoneOffset() * 60_000;
  const labels = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) labels.push(at);
  return labels;
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayTime = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const whole = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** A chart: show gives it data, and it draws itself again when its width changes. */
export class Chart {
  element;
  #readout;
  #canvas = svg('svg', { role: 'img', height: HEIGHT });
  #words;
  #data = null;
  #scale = null;

  /**
   * title names it; words writes a value; series are their names. It is at least as high as the value least. A step chart
   * stays at a value until the next.
   */
  constructor({ id, title, words, series, least, step = false }) {
    this.#words = words;
    this.least = least;
    this.step = step;
    this.series = series;
    this.title = title;
    const heading = Object.assign(document.createElement('h3'), { textContent: title });
    this.#readout = Object.assign(document.createElement('p'), { className: 'quiet' });
    this.element = document.createElement('figure');
    this.element.id = id;
    this.element.append(heading, this.#readout, this.#canvas);
    new ResizeObserver(() => this.#draw()).observe(this.element);
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event));
    this.#canvas.addEventListener('pointerleave', () => this.#tell(this.#data?.points.at(-1)));
  }

  /**
   * Draws points {at, values} from a time to another, all in ms since 1970; a value that isn't known is null. Points that are
   * further apart than gap are not joined.
   */
  show({ from, to, gap = Infinity, points }) {
    this.#data = { from, to, gap, points };
    this.#draw();
  }

  #draw() {
    const { paddingLeft, paddingRight } = getComputedStyle(this.element);
    const width = this.element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    if (!this.#data || width <= 0) return;
    const { from, to, points } = this.#data;
    const highest = Math.max(...points.flatMap(({ values }) => values.map((value) => value ?? 0)), this.least);
    const step = roundStep(highest);
    const top = step * Math.ceil(highest / step - 1e-9);
    const values = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
    const left = 8 + LETTER * Math.max(...values.map((value) => this.#words(value).length));
    const right = width - EDGE.right;
    const bottom = HEIGHT - EDGE.bottom;
    this.#scale = {
      x: (at) => left + ((at - from) / Math.max(to - from, 1)) * (right - left),
      y: (value) => bottom - (value / top) * (bottom - EDGE.top),
    };
    const { x, y } = this.#scale;
    this.#canvas.setAttribute('width', width);
    this.#canvas.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#canvas.setAttribute('aria-label', `${this.title}: ${points.length ? this.#inWords(points.at(-1)) : 'nothing is known'}`);
    const grid = values.flatMap((value) => [
      svg('line', { class: value ? 'grid' : 'axis', x1: left, x2: right, y1: y(value), y2: y(value) }),
      svg('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, this.#words(value)),
    ]);
    const long = to - from > 2 * 86_400_000;
    const times = timeLabels(from, to, Math.max((right - left) / LABEL, 1)).map((at) =>
      svg('text', { x: Math.min(Math.max(x(at), left + 16), right - 16), y: HEIGHT - 6, 'text-anchor': 'middle' }, (long ? dayTime : clockTime).format(at)));
    this.#canvas.replaceChildren(...grid, ...times, ...this.series.map((_, i) => this.#line(i)).reverse(), svg('line', { class: 'hair', y1: EDGE.top, y2: bottom, visibility: 'hidden' }));
    this.#tell(points.at(-1));
  }

  /** One series: its lines, and a dot for each value. */
  #line(i) {
    const { gap, points } = this.#data;
    const { x, y } = this.#scale;
    let path = '';
    let before = null;
    const dots = [];
    for (const { at, values } of points) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      const place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      const joined = before !== null && at - before <= gap;
      path += joined ? `${this.step ? `H${x(at).toFixed(1)} ` : ''}L${place}` : `M${place}`;
      dots.push(svg('circle', { cx: x(at), cy: y(value), r: points.length > 80 ? 1.5 : 3, 'data-at': at, 'data-value': value }));
      before = at;
    }
    return svg('g', { class: `series s${i}`, 'data-series': this.series[i] }, svg('path', { d: path }), ...dots);
  }

  #inWords({ at, values }) {
    const told = values.map((value, i) => `${this.series[i]} ${value === null ? 'not known' : this.#words(value)}`);
    return [whole.format(at), ...told].join(' · ');
  }

  #tell(point) {
    this.#readout.replaceChildren();
    if (!point) {
      this.#readout.textContent = 'nothing is known';
      return;
    }
    this.#readout.append(`${whole.format(point.at)} `);
    point.values.forEach((value, i) => {
      const name = Object.assign(document.createElement('span'), { className: `key s${i}`, textContent: this.series[i] });
      this.#readout.append(' ', name, ` ${value === null ? '–' : this.#words(value)} `);
    });
  }

  /** Tells of the point that is nearest to the pointer. */
  #point({ offsetX }) {
    const { points } = this.#data ?? { points: [] };
    if (!points.length) return;
    const distance = ({ at }) => Math.abs(this.#scale.x(at) - offsetX);
    const nearest = points.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    const hair = this.#canvas.querySelector('.hair');
    for (const end of ['x1', 'x2']) hair.setAttribute(end, this.#scale.x(nearest.at));
    hair.setAttribute('visibility', 'visible');
    this.#tell(nearest);
  }
}
