// The repositories that are served.

import { h, replace } from '../lib/dom.js';
import { count, plural, STATES, STATE_TITLES } from '../lib/format.js';
import { stateGlyph } from '../lib/glyph.js';
import { link } from '../lib/route.js';
import { store } from '../lib/store.js';

export const title = 'Projects';

export function show({ main }) {
  const list = h('div', { class: 'projects' });
  main.append(list);
  const watch = store.watch(() => ['projects'], () => {
    const projects = store.get('projects')?.projects;
    if (projects) replace(list, projects.map(project), projects.length > 1 && h('p', {}, h('a', { href: link('board') }, 'The board of all projects')));
  });
  return { stop: watch.stop, update() {} };
}

function project(one) {
  if (one.error) return h('section', { class: 'project', 'aria-label': one.name }, h('h2', {}, one.name), h('p', { class: 'bad' }, one.error));
  const states = merged(one.by_state);
  const total = states.reduce((sum, [, number]) => sum + number, 0);
  const closed = states.filter(([state]) => ['done', 'cancelled'].includes(state)).reduce((sum, [, number]) => sum + number, 0);
  return h('section', { class: 'project', 'aria-label': one.name },
    h('div', { class: 'project-head' }, h('h2', {}, h('a', { href: link('board', '', { project: one.name }) }, one.name)),
      h('span', { class: 'dim' }, one.branch ?? 'detached', one.head && [' · ', h('code', {}, one.head.slice(0, 7))])),
    h('p', { class: 'dim mono break' }, one.root),
    h('div', { class: 'share', role: 'img', 'aria-label': `${closed} of ${plural(total, 'task')} closed` }, states.filter(([, number]) => number).map(([state, number]) => h('i', { class: `share-${state}`, css: { 'flex-grow': number } }))),
    h('ul', { class: 'project-states' }, states.filter(([, number]) => number).map(([state, number]) => h('li', {}, stateGlyph(state), h('a', { href: link('board', '', { project: one.name, q: `state:${state}` }) }, STATE_TITLES[state]), h('b', {}, count(number))))));
}

/** The counts by column. */
function merged(counts) {
  const into = { retrying: 'running', landing: 'running' };
  const sums = new Map(STATES.map((state) => [state, 0]));
  for (const [state, number] of Object.entries(counts ?? {})) sums.set(into[state] ?? state, (sums.get(into[state] ?? state) ?? 0) + number);
  return [...sums];
}
