// In which ways a title can be played.

/** The formats by the names that addresses give them ("?format=cmaf"), as the page calls them. */
export const LABELS = { ts: 'HLS with TS', cmaf: 'HLS with CMAF', dash: 'DASH' };

/** The formats of a title, by what /info says of it; the usual one first. */
export function formatsOf(info) {
  const has = (format) => info?.streams.some((stream) => stream.format === format);
  return [has('ts') && 'ts', has('cmaf') && 'cmaf', has('cmaf') && 'dash'].filter(Boolean);
}
