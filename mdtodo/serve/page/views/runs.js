// The runs: a list of them, and of the one that is chosen a timeline of its tasks.

import { ask } from '../lib/api.js';
import { refused } from '../lib/actions.js';
import { h, replace } from '../lib/dom.js';
import { ago, duration, moment, percent, plural } from '../lib/format.js';
import { icon, stateGlyph } from '../lib/glyph.js';
import { bind, unbind } from '../lib/keys.js';
import { link, route, turn } from '../lib/route.js';
import { store } from '../lib/store.js';
import { toast } from '../lib/toast.js';
import { VirtualList } from '../lib/virtual.js';
import { Timeline } from './timeline.js';
import { barsOf } from './bars.js';

export const title = 'Runs';
const ORDER = ['done', 'cached', 'failed', 'deferred', 'skipped', 'blocked', 'interrupted'];
const ROW = 58;
const RUNS = 'runs?limit=1000';
const RECEIPTS = 'receipts?limit=1000';

export function show({ main, tools, query }) {
  const runs = new Runs(main, tools, query);
  bind('Runs', [
    ['ArrowUp k', 'The run above', () => runs.move(-1)],
    ['ArrowDown j', 'The run below', () => runs.move(1)],
    ['g', 'Group by lane or by worker', () => runs.group(runs.by === 'lane' ? 'worker' : 'lane')],
  ]);
  return {
    update(next) {
      runs.query = next;
      runs.update();
      runs.watch.again();
    },
    stop() {
      runs.stop();
      unbind('Runs');
    },
  };
}

/** The runs that go on, which the list of runs may not have yet. */
function live(known) {
  const found = new Map();
  for (const one of store.running()) {
    if (!one.run || known.some((run) => run.id === one.run)) continue;
    const run = found.get(one.run) ?? { id: one.run, project: one.project, worker: one.worker, started: one.since, finished: null, counts: {}, success_rate: null, jobs: null, utilization: null, commits: [] };
    if (one.since < run.started) run.started = one.since;
    found.set(one.run, run);
  }
  return [...found.values()].sort((one, other) => (one.started < other.started ? 1 : -1));
}

class Runs {
  constructor(main, tools, query) {
    this.query = query;
    this.start = h('button', { type: 'button', onclick: () => this.startRun() }, icon('play'), 'Run what is ready');
    this.segments = h('div', { class: 'segments', role: 'group', 'aria-label': 'Group by' });
    tools.append(this.segments, this.start);
    this.scroller = h('div', { class: 'run-list' });
    this.list = new VirtualList(this.scroller, {
      label: 'Runs', key: (run) => run.id, height: () => ROW, draw: (run) => this.item(run),
      signature: (run) => `${JSON.stringify(run)}${run.id === this.chosen?.id}${run.finished ? '' : Date.now()}`,
    });
    this.head = h('div', { class: 'run-head' });
    this.timeline = new Timeline();
    this.detail = h('section', { class: 'run', 'aria-label': 'Run' }, this.head, this.timeline.element);
    this.nothing = h('div', { class: 'nothing', hidden: true }, h('b', {}, 'No run yet'), h('p', {}, 'Start one with ', h('code', {}, 'mdtodo run'), ', here or in a terminal.'));
    this.body = h('div', { class: 'runs' }, this.scroller, this.detail);
    main.append(this.body, this.nothing);
    this.watch = store.watch(() => this.paths(), () => this.update());
  }

  get by() {
    return this.query.by === 'worker' ? 'worker' : 'lane';
  }

  group(by) {
    turn({ by }, { quiet: true });
  }

  paths() {
    const chosen = this.#chosen();
    const project = chosen?.project ? `?project=${encodeURIComponent(chosen.project)}` : '';
    return [RUNS, 'tasks', 'status', RECEIPTS, ...(chosen ? [`runs/${encodeURIComponent(chosen.id)}${project}`] : [])];
  }

  #runs() {
    const known = store.get(RUNS)?.runs ?? [];
    const all = [...live(known), ...known];
    return this.query.project ? all.filter((run) => run.project === this.query.project) : all;
  }

  #chosen() {
    const runs = this.#runs();
    return runs.find((run) => run.id === this.query.run) ?? runs[0] ?? null;
  }

  update() {
    const runs = this.#runs();
    const before = this.chosen;
    this.chosen = this.#chosen();
    if (this.chosen && this.chosen.id !== before?.id) queueMicrotask(() => this.watch?.again());
    replace(this.segments, [['lane', 'By lane'], ['worker', 'By worker']].map(([by, says]) => h('button', { type: 'button', 'aria-pressed': String(by === this.by), onclick: () => this.group(by) }, says)));
    this.start.hidden = !store.may('run');
    this.body.hidden = runs.length === 0;
    this.nothing.hidden = runs.length > 0 || !store.get(RUNS);
    this.list.set(runs);
    if (this.chosen) this.#show(this.chosen);
  }

  #show(run) {
    const full = store.get(this.paths().at(-1));
    const ours = full?.run === run.id && full.ids !== null; // the server ends those alone that it has started
    replace(this.head,
      h('div', { class: 'run-title' }, h('h2', {}, moment(run.started)), run.finished ? null : h('span', { class: 'live' }, 'running'), h('span', { class: 'push' }),
        !run.finished && ours && store.may('run') && h('button', { type: 'button', class: 'danger', onclick: () => this.interrupt(run) }, icon('stop'), 'Interrupt')),
      h('dl', { class: 'run-facts' }, this.#facts(run).filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))));
    const known = new Map((store.get('tasks')?.tasks ?? []).map((task) => [`${task.project ?? ''}/${task.id}`, task]));
    const told = { run: full?.run === run.id ? full : null, receipts: store.get(RECEIPTS)?.receipts ?? [], running: store.running() };
    this.timeline.set(barsOf(run, known, told), run, this.by);
  }

  #facts(run) {
    return [
      ['Took', run.finished ? duration((Date.parse(run.finished) - Date.parse(run.started)) / 1000) : null],
      ['Results', ORDER.filter((outcome) => run.counts?.[outcome]).map((outcome) => `${run.counts[outcome]} ${outcome}`).join(', ') || null],
      ['Success', run.success_rate === null ? null : percent(run.success_rate)],
      ['Jobs', run.jobs ? `${run.jobs}${run.utilization === null ? '' : `, used ${percent(run.utilization)}`}` : null],
      ['Worker', run.worker],
      ['Project', run.project],
      ['Run', h('code', {}, run.id)],
      ['Commits', run.commits?.length ? run.commits.map((commit) => [h('code', { title: commit }, commit.slice(0, 10)), ' ']) : null],
    ];
  }

  item(run) {
    const results = ORDER.filter((outcome) => run.counts?.[outcome]);
    const total = results.reduce((sum, outcome) => sum + run.counts[outcome], 0);
    const state = run.finished ? (run.counts?.failed ? 'failed' : run.counts?.interrupted ? 'interrupted' : 'done') : 'running';
    return h('div', { class: run.id === this.chosen?.id ? 'run-item chosen' : 'run-item' },
      h('a', { href: link('runs', '', { ...route().query, run: run.id }), 'aria-current': run.id === this.chosen?.id ? 'true' : null, data: { run: run.id }, onclick: (event) => this.#pick(event, run) },
        h('span', { class: 'run-item-head' }, stateGlyph(state), h('time', { datetime: run.started, title: moment(run.started) }, ago(run.started)), h('span', { class: 'push' }),
          h('span', { class: run.finished ? 'dim' : 'live' }, run.finished ? duration((Date.parse(run.finished) - Date.parse(run.started)) / 1000) : 'running')),
        h('span', { class: 'run-item-counts' }, total ? results.map((outcome) => `${run.counts[outcome]} ${outcome}`).join(', ') : 'nothing yet'),
        h('span', { class: 'share thin', 'aria-hidden': 'true' }, results.map((outcome) => h('i', { class: `share-${outcome}`, css: { 'flex-grow': run.counts[outcome] } })))));
  }

  #pick(event, run) {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    turn({ run: run.id }, { quiet: true });
  }

  move(by) {
    const runs = this.#runs();
    const next = runs[runs.indexOf(this.chosen) + by];
    if (!next) return true;
    turn({ run: next.id }, { quiet: true });
    this.list.reveal(next.id)?.querySelector('a').focus({ preventScroll: true });
    return true;
  }

  async startRun() {
    this.start.disabled = true;
    try {
      await ask('POST', 'runs', { query: { project: this.query.project }, body: {} });
      toast('A run has started.');
      store.outdated(['runs', 'status', 'tasks']);
      turn({ run: '' }, { quiet: true });
    } catch (error) {
      refused(error);
    } finally {
      this.start.disabled = false;
    }
  }

  async interrupt(run) {
    try {
      await ask('DELETE', `runs/${encodeURIComponent(run.id)}`, { query: { project: run.project } });
      toast(`Interrupted: it ends what it has begun. ${plural(run.counts?.done ?? 0, 'result')} stand.`);
    } catch (error) {
      refused(error);
    }
  }

  stop() {
    this.watch.stop();
    this.timeline.stop();
    this.list.stop();
  }
}
