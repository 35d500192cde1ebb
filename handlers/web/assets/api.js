// What the page asks the server. Every URL is relative to the page, so that it works below any prefix.

import { refusal } from './words.js';

async function json(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal, headers: { Accept: 'application/json' } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('the server can’t be reached', { cause: error });
  }
  if (!response.ok) throw new Error(await refusal(response));
  return response.json();
}

/** One page of the library: {total, titles: [{title, master, info}]}. */
export function titles(query, offset, limit, signal) {
  return json(`api/titles?${new URLSearchParams({ q: query, offset, limit })}`, signal);
}

const known = new Map(); // info URL -> promise; a failure is forgotten, so that it is tried again

/** What is known of a title, from its info URL. */
export function info(url) {
  if (!known.has(url)) {
    const answer = json(url);
    answer.catch(() => known.delete(url));
    known.set(url, answer);
  }
  return known.get(url);
}

/** The escaped path of a title within its links, which is also how the page's address names it after "#". */
export const pathOf = ({ master }) => master.slice('hls/'.length, -'/master.m3u8'.length);

/** The links of a title, from an address's fragment; null where that names none. One typed by hand need not be escaped. */
export function linksOf(fragment) {
  if (!fragment) return null;
  let path = fragment.replace(/%(?![0-9a-f]{2})/gi, '%25');
  let title = path;
  try {
    title = decodeURIComponent(path);
    path = title.split('/').map(encodeURIComponent).join('/');
  } catch {
    // A file name that is no UTF-8 is escaped byte by byte, and stays so.
  }
  const below = `cmaf/${path}/`;
  return {
    title, path, info: `info/${path}.json`,
    master: `hls/${path}/master.m3u8`, cmaf: below + 'master.m3u8', dash: below + 'manifest.mpd',
  };
}
