// What /info says of a title: in a line for its row, in a table beneath the player.

import { formatsOf, LABELS } from './formats.js';
import { bitrate, count, duration, language, picture } from './words.js';

/** An element with properties and children. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A row's line: length, renditions, codecs, and how many warnings there are; or why nothing of it plays. */
export function summary(info) {
  if (info.error) return [element('span', { className: 'error', textContent: info.error })];
  const tracks = info.renditions.flatMap((r) => carried(info, r));
  const parts = [
    duration(info.duration_seconds),
    unique(info.renditions.filter((r) => !refused(r)).map((r) => r.name)).join(', '),
    unique(tracks.map((t) => t.codec)).join(', '),
  ];
  const nodes = [parts.filter(Boolean).join(' · ')];
  const warnings = allWarnings(info).length;
  if (warnings) nodes.push(' · ', warning('span', count(warnings, 'warning')));
  return nodes;
}

/** The table beneath the player, the warnings, and where the playlists are. */
export function about(info, links) {
  const facts = [
    info.duration_seconds && duration(info.duration_seconds),
    info.cuts_seconds.length && count(info.cuts_seconds.length, 'segment'),
    info.subtitles?.length && `subtitles: ${unique(info.subtitles.map((s) => language(s.language) || s.name)).join(', ')}`,
    ...formatsOf(info).map((format) => element('a', { href: links[format === 'ts' ? 'master' : format], textContent: LABELS[format] })),
    element('a', { href: links.info, textContent: 'details' }),
  ].filter(Boolean);
  const nodes = [element('p', { className: 'quiet' }, ...facts.flatMap((fact, i) => (i ? [' · ', fact] : [fact])))];
  const rows = info.renditions.filter((r) => r.tracks.length).map((r) => row(info, r));
  const head = ['Rendition', 'Picture', 'Codecs', 'Bit rate'].map((text) => element('th', { scope: 'col', textContent: text }));
  if (rows.length) {
    const table = element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows));
    nodes.push(element('div', { className: 'scroll' }, table));
  }
  const warnings = allWarnings(info);
  if (warnings.length) nodes.push(element('ul', { ariaLabel: 'Warnings' }, ...warnings.map((text) => warning('li', text))));
  return nodes;
}

function row(info, rendition) {
  const video = rendition.tracks.find((t) => t.video)?.video;
  const [format] = formatsOf(info);
  const rate = info.streams.filter((s) => s.rendition === rendition.name && s.format === format).reduce((sum, s) => sum + s.average_bandwidth, 0);
  const cells = [
    rendition.name,
    video ? picture(video) : 'none',
    unique(carried(info, rendition).map(trackLabel)).join(', '),
    rate ? bitrate(rate) : '–',
  ];
  return element('tr', {}, ...cells.map((text) => element('td', { textContent: text })));
}

const unique = (values) => [...new Set(values.filter(Boolean))];
const warning = (name, text) => element(name, { className: 'warning', textContent: text });
const refused = (rendition) => rendition.error || rendition.left_out;

/** A rendition's tracks that some playlist carries: a stream names them by kind and number, "v1a2". */
function carried(info, rendition) {
  const ids = info.streams.filter((s) => s.rendition === rendition.name).flatMap((s) => s.tracks.match(/\d+/g).map(Number));
  return rendition.tracks.filter((t) => ids.includes(t.id));
}

const trackLabel = (t) => [t.codec, language(t.language)].filter(Boolean).join(' ');

/** Every warning of a title, each with the renditions that it is about; one that all of them share stands alone. */
function allWarnings(info) {
  const found = new Map(); // text -> names of renditions
  for (const r of info.renditions) {
    for (const text of unique([r.error, r.left_out, ...r.warnings])) found.set(text, [...(found.get(text) ?? []), r.name]);
  }
  found.delete(info.error);
  const named = ([text, names]) => (names.length === info.renditions.length ? text : `${names.join(', ')}: ${text}`);
  return unique([...info.warnings, ...[...found].map(named)]);
}
