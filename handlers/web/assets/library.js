// The list of titles: searched and paged on the server, details fetched as rows come into view.

import { info, pathOf, titles } from './api.js';
import { element, summary } from './about.js';
import { count } from './words.js';

const PAGE = 50; // titles a request
const AT_ONCE = 4; // details asked for at a time: each may make the server index a film's files
const TYPING = 200; // ms of quiet before a search is sent

export class Library {
  #list = document.getElementById('titles');
  #more = document.getElementById('more');
  #count = document.getElementById('count');
  #empty = document.getElementById('empty');
  #query = '';
  #total = 0;
  #request = null; // AbortController of the page under way
  #rows = new Map(); // li -> title, while its details are wanted
  #visible = new Set(); // of those, the rows in view
  #asking = 0;
  #current = '';

  constructor() {
    const input = document.getElementById('query');
    let timer;
    input.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.search(input.value), TYPING);
    });
    document.getElementById('search').addEventListener('submit', (event) => {
      event.preventDefault();
      clearTimeout(timer);
      this.search(input.value);
    });
    this.#more.addEventListener('click', () => this.#load());
    this.rowsInView = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: '100px' });
    new IntersectionObserver(([seen]) => seen.isIntersecting && this.#load(), { rootMargin: '400px' }).observe(this.#more);
  }

  /** Shows the titles that match query, from the first. */
  search(query) {
    this.#request?.abort();
    this.#request = null;
    this.#query = query.trim();
    this.#total = 0;
    this.#rows.clear();
    this.#visible.clear();
    this.rowsInView.disconnect();
    this.#list.replaceChildren();
    return this.#load();
  }

  /** Marks the row of the title that plays, by its escaped path; "" for none. */
  mark(path) {
    this.#current = path;
    for (const link of this.#list.querySelectorAll('a')) this.#markLink(link);
  }

  #markLink(link) {
    if (link.hash === '#' + this.#current) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }

  async #load() {
    if (this.#request) return;
    const request = (this.#request = new AbortController());
    this.#more.disabled = true;
    try {
      const offset = this.#list.children.length;
      const page = await titles(this.#query, offset, PAGE, request.signal);
      this.#total = page.titles.length ? page.total : offset; // the library may have shrunk meanwhile
      for (const title of page.titles) this.#append(title);
      this.#tell();
    } catch (error) {
      if (error.name !== 'AbortError') this.#fail(error);
    } finally {
      if (this.#request === request) this.#request = null;
      this.#more.disabled = false;
    }
    if (this.#request === null && this.#moreInView()) this.#load(); // the observer speaks only when that changes
  }

  #moreInView() {
    return !this.#more.hidden && !this.#more.dataset.failed && this.#more.getBoundingClientRect().top < innerHeight;
  }

  #append(title) {
    const link = element('a', { href: '#' + pathOf(title), textContent: title.title });
    const row = element('li', {}, link, element('p'));
    this.#markLink(link);
    this.#list.append(row);
    this.#rows.set(row, title);
    this.rowsInView.observe(row);
  }

  #tell() {
    const shown = this.#list.children.length;
    const kind = this.#query ? 'match' : 'title';
    this.#count.textContent = count(this.#total, kind, this.#query ? 'matches' : 'titles');
    this.#empty.hidden = this.#total > 0;
    this.#empty.textContent = this.#query ? `No title matches “${this.#query}”.` : 'No films here yet. New files appear without a restart.';
    this.#more.hidden = shown >= this.#total;
    this.#more.textContent = `Show more (${count(this.#total - shown, 'title')} left)`;
    delete this.#more.dataset.failed;
  }

  #fail(error) {
    this.#count.textContent = `The list could not be loaded: ${error.message}.`;
    this.#more.hidden = false;
    this.#more.textContent = 'Try again';
    this.#more.dataset.failed = 'true'; // only a person tries again, not the scrolling
  }

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#visible.add(target);
      else this.#visible.delete(target);
    }
    this.#ask();
  }

  /** Asks for the details of rows in view, a few at a time; a row that was scrolled past is not asked for. */
  #ask() {
    for (const row of this.#visible) {
      if (this.#asking >= AT_ONCE) return;
      this.#visible.delete(row);
      this.rowsInView.unobserve(row);
      const title = this.#rows.get(row);
      this.#rows.delete(row);
      if (title) this.#describe(row, title);
    }
  }

  async #describe(row, title) {
    this.#asking++;
    const line = row.querySelector('p');
    try {
      line.append(...summary(await info(title.info)));
    } catch (error) {
      line.append(element('span', { className: 'error', textContent: error.message }));
    }
    this.#asking--;
    this.#ask();
  }
}
