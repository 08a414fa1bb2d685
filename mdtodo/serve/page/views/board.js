// The board: a column for each state. A card that is dragged to another column is a person's word.

import { say } from '../lib/actions.js';
import { h, replace } from '../lib/dom.js';
import { filterBar } from '../lib/filter-bar.js';
import { compile } from '../lib/filters.js';
import { column, count, STATES, STATE_HINTS, STATE_TITLES } from '../lib/format.js';
import { stateGlyph } from '../lib/glyph.js';
import { bind, unbind } from '../lib/keys.js';
import { go, route, taskLink, turn } from '../lib/route.js';
import { store } from '../lib/store.js';
import { VirtualList } from '../lib/virtual.js';
import { card, cardHeight, cardSignature, forgetWidths, keyOf } from './card.js';
import { draggable } from './drag.js';
import { plansOf } from './plan-groups.js';
import { panel } from './task.js';

export const title = 'Board';
const FOLDED = new Set(['cancelled']);
const COLUMN_PADDING = 16; // left and right together

export function show({ main, tools, query }) {
  const board = new Board(main);
  const filter = filterBar(() => board.tasks);
  tools.append(filter.bar);
  board.query = query;
  const watch = store.watch(() => ['tasks', 'plan'], () => board.update());
  const running = store.watch(() => ['status'], () => board.progress());
  bindKeys(board);
  return {
    update(next) {
      board.query = next;
      filter.sync();
      board.update();
    },
    stop() {
      watch.stop();
      board.stop();
      running.stop();
      unbind('Board');
    },
  };
}

class Board {
  tasks = [];
  columns = new Map(); // state -> { element, scroller, list, count }
  chosen = 'ready'; // the column that a narrow screen shows
  running = new Map();

  constructor(main) {
    this.tabs = h('div', { class: 'board-tabs', role: 'group', 'aria-label': 'Column' });
    this.body = h('div', { class: 'board' });
    this.side = h('aside', { class: 'panel', 'aria-label': 'Task', hidden: true });
    this.empty = h('div', { class: 'nothing over', hidden: true });
    main.append(this.tabs, this.empty, h('div', { class: 'board-and-panel' }, this.body, this.side));
    for (const state of STATES) this.columns.set(state, this.#column(state));
    this.drag = draggable(this.body, { find: (key) => this.byKey.get(key), drop: (task, state) => this.dropped(task, state) });
    this.width = new ResizeObserver(() => this.#measure());
    this.width.observe(this.body);
    document.fonts.ready.then(() => {
      forgetWidths();
      this.#measure();
    });
  }

  #column(state) {
    const number = h('span', { class: 'count' }, '0');
    const scroller = h('div', { class: 'column-scroll' });
    const fold = h('button', { class: 'column-name', type: 'button', 'aria-expanded': 'true', title: STATE_HINTS[state], onclick: () => this.fold(state) }, stateGlyph(state), h('span', {}, STATE_TITLES[state]), number);
    const element = h('section', { class: 'column', data: { state }, 'aria-label': STATE_TITLES[state] }, h('h2', {}, fold), scroller, h('p', { class: 'column-empty' }, STATE_HINTS[state]));
    this.body.append(element);
    const list = new VirtualList(scroller, {
      label: STATE_TITLES[state], key: keyOf,
      draw: (task) => card(task, this),
      height: (task) => cardHeight(task, this),
      signature: (task) => cardSignature(task, this),
    });
    return { state, element, scroller, list, number, fold, folded: null };
  }

  update() {
    const all = store.get('tasks')?.tasks;
    this.problem();
    if (!all) return;
    const { project, q, task } = this.query;
    this.tasks = project ? all.filter((one) => one.project === project) : all;
    this.byKey = new Map(this.tasks.map((one) => [keyOf(one), one]));
    this.several = new Set(this.tasks.map((one) => one.project)).size > 1;
    const passes = compile(q ?? '');
    const groups = new Map(STATES.map((state) => [state, []]));
    for (const one of this.tasks) if (passes(one)) groups.get(column(one))?.push(one);
    const rank = this.#ranks();
    for (const [state, tasks] of groups) {
      if (!['done', 'cancelled'].includes(state)) tasks.sort((one, other) => (rank.get(keyOf(one)) ?? 1e9) - (rank.get(keyOf(other)) ?? 1e9));
      this.#fill(this.columns.get(state), tasks);
    }
    this.#tabs();
    this.#panel(task);
    this.#first();
    this.#nothing(q);
  }

  #nothing(q) {
    const shown = [...this.columns.values()].some((one) => one.tasks.length);
    this.empty.hidden = shown;
    replace(this.empty, this.tasks.length
      ? [h('b', {}, 'Nothing fits the filter'), h('p', {}, h('code', {}, q)), h('button', { type: 'button', onclick: () => turn({ q: '' }, { quiet: true }) }, 'Clear it')]
      : [h('b', {}, 'No task yet'), h('p', {}, 'A task is a list item with a box in a TODO.md. Add one here with ', h('kbd', {}, 'n'), ', or write it with your editor.')]);
  }

  /** The order in which a run starts them. */
  #ranks() {
    const plan = store.get('plan');
    const planned = plan ? plansOf(plan).flatMap((one) => one.tasks.map((task) => ({ project: one.project, ...task }))) : [];
    return new Map(planned.map((task, at) => [keyOf(task), at]));
  }

  #fill(one, tasks) {
    one.number.textContent = count(tasks.length);
    one.tasks = tasks;
    const folded = one.folded ?? (tasks.length === 0 || FOLDED.has(one.state));
    one.element.classList.toggle('folded', folded);
    one.element.classList.toggle('empty', tasks.length === 0);
    one.fold.setAttribute('aria-expanded', String(!folded));
    one.list.set(tasks);
  }

  fold(state) {
    const one = this.columns.get(state);
    one.folded = !one.element.classList.contains('folded');
    this.#fill(one, one.tasks ?? []);
  }

  #measure() {
    for (const one of this.columns.values()) one.list.measure();
  }

  cardWidth() {
    return this.measured ??= this.#cardWidth();
  }

  #cardWidth() {
    queueMicrotask(() => { this.measured = null; });
    const open = [...this.columns.values()].find((one) => one.scroller.clientWidth > 120);
    return (open?.scroller.clientWidth ?? 256) - COLUMN_PADDING;
  }

  #tabs() {
    const filled = [...this.columns.values()].filter((one) => one.tasks?.length);
    if (filled.length && !filled.some((one) => one.state === this.chosen)) this.chosen = filled[0].state;
    replace(this.tabs, filled.map((one) => h('button', { type: 'button', class: 'pill', 'aria-pressed': String(one.state === this.chosen), onclick: () => this.choose(one.state) }, stateGlyph(one.state), STATE_TITLES[one.state], h('span', { class: 'count' }, count(one.tasks.length)))));
    this.#showChosen();
  }

  choose(state) {
    this.chosen = state;
    this.#tabs();
    this.tabs.querySelector('[aria-pressed=true]')?.focus();
  }

  #showChosen() {
    for (const one of this.columns.values()) one.element.classList.toggle('chosen', one.state === this.chosen);
    this.#measure();
  }

  #panel(id) {
    if (id === this.shownTask && !this.side.hidden) return;
    this.shownTask = id;
    this.stopPanel?.();
    this.stopPanel = null;
    this.side.hidden = !id;
    replace(this.side);
    if (id) this.stopPanel = panel(this.side, id, this.query.of ?? this.query.project, () => turn({ task: '', of: '' }));
  }

  /** One card can be reached with Tab, and the arrows lead from it to the others. */
  #first() {
    if (this.current && this.byKey.has(this.current)) return;
    const filled = [...this.columns.values()].find((one) => one.tasks?.length && !one.element.classList.contains('folded'));
    this.current = filled ? keyOf(filled.tasks[0]) : null;
    this.#measure();
  }

  progress() {
    this.running = new Map(store.running().map((one) => [`${one.project ?? ''}/${one.id}`, one]));
    this.columns.get('running').list.draw();
  }

  problem() {
    const problem = store.problem('tasks');
    this.body.toggleAttribute('aria-busy', !store.get('tasks') && !problem);
  }

  // ---- what a person does

  dropped(task, state) {
    const status = { done: 'done', cancelled: 'cancelled' }[state] ?? 'todo';
    say(task, status);
  }

  focused() {
    const key = document.activeElement?.closest?.('[data-key]')?.dataset.key;
    return key ? this.byKey.get(key) : null;
  }

  act(status) {
    const task = this.focused();
    if (!task || !store.may('word')) return false;
    this.#next(task);
    return say(task, status);
  }

  /** The card that has the focus once this one has left its column. */
  #next(task) {
    const { tasks } = this.columns.get(column(task));
    const at = tasks.indexOf(task);
    const near = tasks[at + 1] ?? tasks[at - 1];
    if (near) this.focus(keyOf(near));
  }

  move(across, down) {
    const task = this.focused() ?? this.byKey?.get(this.current);
    if (!task) return false;
    const open = [...this.columns.values()].filter((one) => one.tasks?.length && !one.element.classList.contains('folded') && one.element.offsetParent);
    const here = open.findIndex((one) => one.tasks.includes(task));
    if (here < 0) return false;
    const at = open[here].tasks.indexOf(task);
    const to = open[here + across];
    if (!to) return true;
    const next = across ? to.tasks[Math.min(this.#beside(open[here], at, to), to.tasks.length - 1)] : to.tasks[at + down];
    if (next) this.focus(keyOf(next));
    return true;
  }

  /** The place in another column that is at the same height on the screen. */
  #beside(from, at, to) {
    const y = from.list.offsets[at] - from.scroller.scrollTop + to.scroller.scrollTop;
    return Math.max(0, to.list.indexAt(y + 4));
  }

  focus(key) {
    const task = this.byKey.get(key);
    const before = this.current;
    this.current = key;
    if (before && this.byKey.has(before)) this.columns.get(column(this.byKey.get(before)))?.list.draw();
    this.columns.get(column(task)).list.reveal(key)?.querySelector('a').focus({ preventScroll: true });
  }

  open(task, { page = false } = {}) {
    if (page || innerWidth < 900) go(taskLink(task));
    else turn({ task: task.id, of: task.project ?? '' });
  }

  stop() {
    this.width.disconnect();
    this.drag.stop();
    this.stopPanel?.();
    for (const one of this.columns.values()) one.list.stop();
  }
}

function bindKeys(board) {
  const opened = (page) => {
    const task = board.focused();
    return task ? board.open(task, { page }) : false;
  };
  bind('Board', [
    ['ArrowUp k', 'The card above', () => board.move(0, -1)],
    ['ArrowDown j', 'The card below', () => board.move(0, 1)],
    ['ArrowLeft h', 'The column before', () => board.move(-1, 0)],
    ['ArrowRight l', 'The column after', () => board.move(1, 0)],
    ['Enter', 'Show the task', () => opened(false)],
    ['Escape', 'Close the task', () => (route().query.task ? turn({ task: '', of: '' }) : false)],
    ['d', 'Mark as done', () => board.act('done')],
    ['o', 'Reopen', () => board.act('todo')],
    ['x', 'Cancel', () => board.act('cancelled')],
  ]);
}
