// A card of the board. Its height follows from its text, so that a column of thousands needs no layout to scroll.

import { h, inline } from '../lib/dom.js';
import { column, day, duration, estimate, overdue } from '../lib/format.js';
import { priorityGlyph } from '../lib/glyph.js';
import { taskLink } from '../lib/route.js';

export const keyOf = (task) => `${task.project ?? ''}/${task.id}`;

const PAD = 22; // the card's padding and border, above and below together
const GAP = 6;
const LINE = 18;
const META = 22;
const CONTEXT = 17;
const INSET = 26; // padding and border, left and right together

const FONT = '500 13px Inter, system-ui, sans-serif';
const widths = new Map();
let pen = null;

function width(text) {
  let found = widths.get(text);
  if (found === undefined) {
    pen ??= document.createElement('canvas').getContext('2d');
    pen.font = FONT;
    widths.set(text, found = pen.measureText(text).width);
    if (widths.size > 20_000) widths.clear();
  }
  return found;
}

/** Another font has come than the one they were measured in. */
export const forgetWidths = () => widths.clear();

/** How many lines a title takes, at most two; a word that is cut at the end of the first leaves some room. */
const lines = (title, room) => (width(title) > room ? 2 : 1);

export function cardHeight(task, board) {
  const title = LINE * lines(task.title, board.cardWidth() - INSET);
  return PAD + (parent(task, board) ? CONTEXT : 0) + title + META + GAP;
}

const parent = (task, board) => task.parent && board.byKey.get(keyOf({ ...task, id: task.parent }));
const live = (task, board) => (column(task) === 'running' ? board.running.get(keyOf(task)) : null);

/** What the card shows: another one, and it is drawn anew. */
export function cardSignature(task, board) {
  const above = parent(task, board);
  const now = live(task, board);
  return [board.several, task.etag, task.title, task.state, task.priority, task.due, task.estimate_hours, task.failures, task.tags, task.blocked_by.length, task.processor, above?.title, progressOf(task, board), now?.progress, now && Math.floor(now.seconds ?? 0), board.current === keyOf(task)].join('\u0000');
}

/** How many subtasks are closed: `2/5`. */
function progressOf(task, board) {
  if (!task.children.length) return '';
  const closed = task.children.filter((id) => ['done', 'cancelled'].includes(board.byKey.get(keyOf({ ...task, id }))?.status));
  return `${closed.length}/${task.children.length}`;
}

export function card(task, board) {
  const above = parent(task, board);
  const now = live(task, board);
  const key = keyOf(task);
  const titleLink = h('a', {
    class: 'card-title', href: taskLink(task), tabindex: board.current === key ? '0' : '-1', draggable: 'false',
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      board.open(task);
    },
    onfocus: () => { board.current = key; },
  }, inline(task.title));
  return h('div', { class: 'card-slot' }, h('article', { class: `card is-${column(task)}`, data: { key } },
    above && h('div', { class: 'card-above' }, above.title),
    titleLink,
    h('div', { class: 'card-meta' }, meta(task, board)),
    now?.progress !== null && now?.progress !== undefined && h('progress', { max: '100', value: String(now.progress), 'aria-label': 'Progress' })));
}

function waits({ blocked_by: [first, ...more] }) {
  return first.startsWith('from:') && !more.length ? `from ${day(first.slice(5))}` : `waits for ${more.length + 1}`;
}

function meta(task, board) {
  const now = live(task, board);
  return [
    priorityGlyph(task.priority),
    board.several && h('span', { class: 'chip' }, task.project),
    h('span', { class: 'id' }, task.id),
    progressOf(task, board) && h('span', { class: 'chip', title: 'Subtasks that are closed' }, progressOf(task, board)),
    column(task) === 'blocked' && task.blocked_by.length > 0 && h('span', { class: 'dim', title: `Waits for ${task.blocked_by.join(', ')}` }, waits(task)),
    task.failures > 0 && h('span', { class: 'bad' }, `failed ${task.failures}×`),
    now && h('span', { class: 'live' }, now.phase && now.phase !== 'running' ? now.phase : duration(now.seconds)),
    task.tags.slice(0, 2).map((tag) => h('span', { class: 'tag' }, `#${tag}`)),
    h('span', { class: 'push' }),
    task.due && h('span', { class: overdue(task) ? 'bad' : 'dim', title: overdue(task) ? 'Overdue' : 'Due' }, day(task.due)),
    task.estimate_hours !== null && h('span', { class: 'dim', title: 'Estimate' }, estimate(task.estimate_hours)),
    task.processor && h('span', { class: 'proc', title: 'What proves it' }, task.processor),
  ];
}
