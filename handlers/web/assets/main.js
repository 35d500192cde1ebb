// The page: a list of titles, and a player for the one that the address names after its "#".

import { linksOf } from './api.js';
import { Library } from './library.js';
import { Player } from './player.js';

const library = new Library();
const query = new URLSearchParams(location.search);
const player = new Player({
  preferNative: query.get('player') === 'native',
  format: query.get('format') ?? '',
  user: query.get('user') ?? '', // whoever links to the page may say who watches
  onFormat(format) {
    query.set('format', format);
    history.replaceState(history.state, '', `?${query}${location.hash}`);
  },
});

function follow(byHand) {
  const links = linksOf(location.hash.slice(1));
  document.title = links ? `${links.title} · unreel` : 'unreel';
  library.mark(links?.path ?? '');
  if (links) player.open(links, { focus: byHand });
  else player.close();
}

addEventListener('hashchange', () => follow(true));
document.getElementById('close').addEventListener('click', () => {
  const row = document.querySelector('#titles a[aria-current]');
  history.pushState(null, '', location.pathname + location.search);
  follow(false);
  (row ?? document.getElementById('query')).focus();
});

library.search('');
follow(false);
