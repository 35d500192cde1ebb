// The panel beneath the player that tells how well the film plays.

import { element } from './about.js';
import { bitrate, count } from './words.js';

const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
const known = (value, words) => (value === null ? 'not known yet' : words(value));

/** Each figure of a Meter in words, with the name that deploy/qoe/METRICS.md gives it. */
const FIGURES = [
  ['startup_ms', 'Start-up', seconds],
  ['play_ms', 'Played', seconds],
  ['stall_ms', 'Stood still', (ms, { stalls }) => (stalls ? `${seconds(ms)}, ${count(stalls, 'time')}` : 'never')],
  ['rebuffer_ratio', 'Rebuffering', (ratio) => `${(ratio * 100).toFixed(1)} %`],
  ['avg_bitrate', 'Average bit rate', bitrate],
  ['switches', 'Changes of quality', (n, { switches_up: up, switches_down: down }) => (n ? `${n} (${up} up, ${down} down)` : 'none')],
];

export class Panel {
  #values = new Map(); // name -> <data>
  #sent;
  #list;

  constructor(list) {
    this.#list = list;
    for (const [name, label] of FIGURES) this.#add(list, name, label);
    this.#sent = this.#add(list, 'reports', 'Reports to the server');
  }

  #add(list, name, label) {
    const value = element('data');
    value.dataset.measure = name;
    list.append(element('div', {}, element('dt', { textContent: label }), element('dd', {}, value)));
    this.#values.set(name, value);
    return value;
  }

  /** Shows figures as they are in a state of the Meter, and how the sending goes. */
  show(figures, state, reports) {
    this.#list.dataset.state = state;
    for (const [name, , words] of FIGURES) {
      const value = this.#values.get(name);
      value.value = figures[name] ?? '';
      value.textContent = known(figures[name], (figure) => words(figure, figures));
    }
    this.#sent.value = reports.sent;
    this.#sent.textContent = reports.off ? 'not wanted here' : [`${reports.sent} sent`, reports.waiting && `${reports.waiting} waiting`].filter(Boolean).join(', ');
  }
}
