// Numbers and refusals, in words for people.

const number = new Intl.NumberFormat('en');

/** Counts things: "1 title", "1,204 titles". */
export function count(n, one, many = one + 's') {
  return `${number.format(n)} ${n === 1 ? one : many}`;
}

/** A length in seconds as "1 h 52 min", "2 min 5 s", "8 s" or "under 1 s". */
export function duration(seconds) {
  const s = Math.round(seconds);
  if (s === 0) return 'under 1 s';
  const parts = [[Math.floor(s / 3600), 'h'], [Math.floor(s / 60) % 60, 'min'], [s % 60, 's']];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(' ');
}

/** Bits per second as "2.1 Mbit/s" or "640 kbit/s". */
export function bitrate(bits) {
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

/** What a language tag means, "English" for "en"; the tag itself where the browser has no name for it. */
export function language(tag) {
  if (!tag || tag === 'und') return '';
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag);
  } catch {
    return tag;
  }
}

/** Why a request failed, from the server's own words where it sent any: its errors are JSON {"error": "…"}. */
export async function refusal(response) {
  try {
    const { error } = await response.json();
    if (error) return error;
  } catch {
    // Not ours: a proxy's page, or nothing at all.
  }
  return `the server answered ${response.status} ${response.statusText}`.trim();
}

/** How large a picture is shown, turned and in square pixels as players show it, and its rate: "720×1280, 30 fps". */
export function picture({ display_size: [width, height], frame_rate: rate }) {
  return `${width}×${height}, ${Number(rate.toFixed(2))} fps`;
}

/** A place in a film as "2:05" or "1:02:05", of a time in s, which players count in fractions: the second at 19.999999 has come. */
export function clock(time) {
  const s = Math.floor(time + 1e-3);
  const two = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  return hours ? `${hours}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}
