// The plan: what waits for what, from left to right, and the longest chain; or the same as a list in the order of a run.

import { h, inline, replace } from '../lib/dom.js';
import { filterBar } from '../lib/filter-bar.js';
import { compile } from '../lib/filters.js';
import { column, duration, estimate, plural, STATE_TITLES } from '../lib/format.js';
import { priorityGlyph, stateGlyph } from '../lib/glyph.js';
import { bind, unbind } from '../lib/keys.js';
import { taskLink, turn } from '../lib/route.js';
import { store } from '../lib/store.js';
import { VirtualList } from '../lib/virtual.js';
import { Canvas } from './plan-canvas.js';
import { foldedFirst, isCrowded, keyOf, plansOf, read } from './plan-groups.js';

export const title = 'Plan';
const NARROW = 720;

export function show({ main, tools, query }) {
  const plan = new Plan(main, query);
  const filter = filterBar(() => [...(plan.all ?? [])]);
  tools.append(filter.bar, plan.switch);
  const watch = store.watch(() => ['plan'], () => plan.update());
  bind('Plan', [
    ['ArrowUp ArrowDown ArrowLeft ArrowRight', 'To the next box that way', (event) => plan.step(event.key)],
    ['f', 'Fold the section of a box, or unfold it', () => plan.foldHere()],
    ['+ =', 'Closer', () => plan.canvas.zoom(1.25)],
    ['-', 'Further away', () => plan.canvas.zoom(0.8)],
    ['0', 'All of it', () => plan.canvas.fit()],
    ['v', 'Graph or list', () => plan.other()],
  ]);
  return {
    update(next) {
      plan.query = next;
      filter.sync();
      plan.update();
    },
    stop() {
      watch.stop();
      plan.stop();
      unbind('Plan');
    },
  };
}

class Plan {
  folded = null;

  constructor(main, query) {
    this.query = query;
    this.switch = h('div', { class: 'segments', role: 'group', 'aria-label': 'Form' });
    this.summary = h('p', { class: 'plan-summary dim' });
    this.canvas = new Canvas({ fold: (id) => this.fold(id) });
    this.scroller = h('div', { class: 'plan-list', hidden: true });
    this.list = new VirtualList(this.scroller, {
      label: 'In the order of a run', key: keyOf, height: () => (this.scroller.clientWidth < NARROW ? 58 : 37),
      draw: (task) => this.row(task), signature: (task) => `${JSON.stringify(task)}${this.critical.has(keyOf(task))}`,
    });
    this.critical = new Set();
    main.append(this.summary, this.canvas.element, this.scroller);
  }

  get form() {
    return this.query.form || (innerWidth < NARROW ? 'list' : 'graph');
  }

  other() {
    turn({ form: this.form === 'graph' ? 'list' : 'graph' }, { quiet: true });
  }

  update() {
    const said = store.get('plan');
    replace(this.switch, ['graph', 'list'].map((form) => h('button', { type: 'button', 'aria-pressed': String(form === this.form), onclick: () => turn({ form }, { quiet: true }) }, form === 'graph' ? 'Graph' : 'List')));
    this.canvas.element.hidden = this.form !== 'graph';
    this.scroller.hidden = this.form === 'graph';
    if (!said) return;
    const plans = plansOf(said).filter((plan) => !this.query.project || plan.project === this.query.project);
    this.all = plans.flatMap((plan) => plan.tasks);
    const passes = compile(this.query.q ?? '');
    this.read = read(plans, passes);
    this.critical = new Set(this.read.critical);
    if (!this.folded || isCrowded(this.read, this.folded)) this.folded = foldedFirst(this.read);
    this.say(plans);
    if (this.form === 'graph') this.canvas.draw(this.read, this.folded);
    else {
      this.order = [...this.read.tasks.values()];
      this.list.set(this.order);
    }
  }

  say(plans) {
    const { tasks, critical } = this.read;
    const minutes = plans.map((plan) => plan.critical_minutes).find((one) => one);
    const hours = critical.reduce((sum, key) => sum + (tasks.get(key)?.estimate_hours ?? 0), 0);
    const cycles = plans.flatMap((plan) => plan.cycles ?? []);
    replace(this.summary,
      tasks.size === 0 ? 'Nothing is open.' : [h('b', {}, plural(tasks.size, 'open task')), critical.length > 1 && [', critical path: ', h('span', { class: 'live' }, `${critical.length} long`), hours > 0 && `, estimated ${estimate(hours)}`, minutes && `, ${duration(minutes * 60)}`]],
      cycles.map((cycle) => h('span', { class: 'bad' }, ` A cycle: ${cycle.join(' → ')}.`)));
  }

  row(task) {
    const state = column(task);
    const at = this.order.indexOf(task) + 1;
    return h('div', { class: this.critical.has(keyOf(task)) ? 'plan-row critical' : 'plan-row' },
      h('span', { class: 'number dim' }, at), stateGlyph(state), h('span', { class: 'hidden-text' }, STATE_TITLES[state]), priorityGlyph(task.priority),
      h('a', { href: taskLink(task) }, inline(task.title)),
      h('span', { class: 'plan-row-more dim' }, h('span', {}, task.blocked_by.length ? `waits for ${task.blocked_by.length}` : ''), h('span', {}, task.lane), h('span', { class: 'number' }, estimate(task.estimate_hours))),
      this.critical.has(keyOf(task)) && h('span', { class: 'hidden-text' }, 'on the critical path'));
  }

  fold(id) {
    if (!this.folded.delete(id)) this.folded.add(id);
    this.canvas.draw(this.read, this.folded, id);
  }

  foldHere() {
    const id = this.canvas.focused();
    if (!id) return false;
    this.fold(this.read.groups.has(id) ? id : this.read.tasks.get(id).group);
    return true;
  }

  step(key) {
    return this.form === 'graph' ? this.canvas.step(key) : this.stepList(key);
  }

  stepList(key) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (!by || !this.order?.length) return false;
    const link = document.activeElement?.closest('.plan-row a');
    const at = link ? this.order.findIndex((task) => taskLink(task) === link.getAttribute('href')) : -1;
    const next = this.order[at + by];
    if (next) this.list.reveal(keyOf(next))?.querySelector('a').focus({ preventScroll: true });
    return true;
  }

  stop() {
    this.canvas.stop();
    this.list.stop();
  }
}
