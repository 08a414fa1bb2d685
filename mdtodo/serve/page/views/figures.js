// Figures, each with its past: how much is done, how well, how long it takes, and what was thought of it before.

import { bars, figure, line, spark } from '../lib/chart.js';
import { framed, h, inline, replace } from '../lib/dom.js';
import { ago, count, duration, moment, percent, plural } from '../lib/format.js';
import { stateGlyph } from '../lib/glyph.js';
import { taskLink, turn } from '../lib/route.js';
import { lengthSaid, pieces } from '../lib/scale.js';
import { store } from '../lib/store.js';

export const title = 'Figures';
const SPANS = [['1d', '24 h', 86_400_000], ['7d', '7 days', 604_800_000], ['30d', '30 days', 2_592_000_000], ['', 'All', null]];
const RECEIPTS = 'receipts?limit=1000';
const RUNS = 'runs?limit=1000';
const ROWS = 50;

export function show({ main, tools, query }) {
  let now = query;
  const body = h('div', { class: 'figures' });
  const spans = h('div', { class: 'segments', role: 'group', 'aria-label': 'Time' });
  main.append(body);
  tools.append(spans);
  const paths = () => {
    const project = projectOf(now);
    const more = new URLSearchParams(Object.entries({ by: 'lane', project, since: now.since }).filter(([, value]) => value));
    const own = project ? `?project=${encodeURIComponent(project)}` : '';
    return ['projects', `stats?${more}`, `status${own}`, RECEIPTS, RUNS];
  };
  const update = () => {
    replace(spans, SPANS.map(([since, says]) => h('button', { type: 'button', 'aria-pressed': String(since === (now.since ?? '')), onclick: () => turn({ since }, { quiet: true }) }, says)));
    const [, stats, status, receipts, runs] = paths().map((path) => store.get(path));
    if (stats && status && receipts && runs) replace(body, draw(one(stats), one(status), { receipts: receipts.receipts, runs: runs.runs, total: receipts.total }, now, widthOf(body)));
  };
  const watch = store.watch(paths, update);
  const resized = new ResizeObserver(framed(update));
  resized.observe(main);
  return {
    update(next) {
      now = next;
      update();
      watch.again();
    },
    stop() {
      watch.stop();
      resized.disconnect();
    },
  };
}

const GAP = 14;
const INSET = 34; // padding and border of a chart, left and right together

/** The width of a chart: three stand side by side, or where that is too narrow below each other. */
function widthOf(body) {
  const columns = body.clientWidth >= 900 ? 3 : 1;
  return Math.max(200, Math.floor((body.clientWidth - GAP * (columns - 1)) / columns) - INSET);
}

/** Of several repositories the chosen one, else the first: figures of different ones do not add up. */
function projectOf(query) {
  const names = (store.get('projects')?.projects ?? []).filter((each) => !each.error).map((each) => each.name);
  return query.project || (names.length > 1 ? names[0] : null);
}

const one = (said) => said.projects?.[0] ?? said;

function draw(stats, status, said, query, width) {
  const project = projectOf(query);
  const length = SPANS.find(([since]) => since === (query.since ?? ''))[2];
  const from = length ? Date.now() - length : 0;
  const ours = (each) => !project || each.project === project;
  const proven = said.receipts.filter((each) => ours(each) && each.attempt > 0 && Date.parse(each.finished) >= from);
  const runs = said.runs.filter((each) => ours(each) && Date.parse(each.finished) >= from);
  if (!stats.runs && !runs.length) return h('div', { class: 'nothing' }, h('b', {}, 'Nothing has run in this time'), project && h('p', {}, 'Of the project ', h('b', {}, project)), h('p', {}, 'Figures are measured: they come with the first run.'));
  return [
    project && h('p', { class: 'dim' }, 'Of the project ', h('b', {}, project)),
    h('dl', { class: 'tiles' }, tiles(stats, status)),
    h('div', { class: 'charts' }, charts(runs, proven, from, width)),
    said.total > said.receipts.length && h('p', { class: 'dim' }, `Durations: of the newest ${count(said.receipts.length)} of ${count(said.total)} receipts.`),
    lanes(status, stats), processors(stats), estimates(stats), flaky(stats),
  ];
}

function tiles(stats, status) {
  const tile = (name, value, more) => h('div', {}, h('dt', {}, name), h('dd', {}, h('b', {}, value), h('span', { class: 'dim' }, more)));
  const failed = stats.tasks.reduce((sum, task) => sum + task.failed, 0);
  const spent = stats.tasks.reduce((sum, task) => sum + task.total_duration, 0);
  return [
    tile('Success', percent(stats.success_rate), `${count(stats.runs - failed)} of ${count(stats.runs)}`),
    tile('Throughput', stats.tasks_per_hour === null ? '–' : count(Math.round(stats.tasks_per_hour)), 'tasks an hour while it ran'),
    tile('Work', duration(spent), `last ${ago(stats.last_finished)}`),
    tile('Flaky', count(stats.flaky.length), stats.flaky.length ? 'pass and fail without a change' : 'none seen'),
    tile('Open', count(status.tasks_total - status.by_status.done - status.by_status.cancelled), `of ${plural(status.tasks_total, 'task')}`),
  ];
}

/** What the runs came to, verifications too; and how long it took what has a receipt. */
function charts(runs, proven, from, width) {
  const ends = [...runs, ...proven].map((each) => Date.parse(each.finished));
  if (!ends.length) return null;
  const first = Math.max(from, Math.min(...ends));
  const { from: start, length, number } = pieces(first, Math.max(from ? Date.now() : Math.max(...ends), first + 1000));
  const shape = { width, domain: { from: start, to: start + length * number } };
  const buckets = Array.from({ length: number }, (_, at) => ({ from: start + at * length, to: start + (at + 1) * length, done: 0, failed: 0, other: 0, times: [] }));
  const bucketOf = (each) => buckets[Math.floor((Date.parse(each.finished) - start) / length)];
  for (const run of runs) {
    for (const [outcome, times] of Object.entries(run.counts)) bucketOf(run)[outcome in COUNTED ? outcome : 'other'] += times;
  }
  for (const each of proven) bucketOf(each).times.push(each.duration);
  const per = lengthSaid(length);
  return [results(buckets, per, shape), success(buckets, shape), durations(buckets, shape)];
}

const COUNTED = { done: true, failed: true };
const middle = (bucket) => (bucket.from + bucket.to) / 2;
const when = (bucket) => moment(new Date(bucket.from).toISOString());

function results(buckets, per, shape) {
  const sum = (name) => buckets.reduce((all, bucket) => all + bucket[name], 0);
  const stacks = buckets.map((bucket) => ({ from: bucket.from, to: bucket.to, parts: [['done', bucket.done], ['failed', bucket.failed], ['other', bucket.other]], title: `${bucket.done} done, ${bucket.failed} failed, ${when(bucket)}` }));
  const label = `Results, each ${per}: ${sum('done')} done, ${sum('failed')} failed, ${sum('other')} other`;
  return figure(`Results, each ${per}`, bars(stacks, { ...shape, label }), [['done', 'done'], ['failed', 'failed'], ...(sum('other') ? [['other', 'other']] : [])]);
}

function success(buckets, shape) {
  const points = buckets.filter((bucket) => bucket.done + bucket.failed).map((bucket) => {
    const value = bucket.done / (bucket.done + bucket.failed);
    return { at: middle(bucket), value, title: `${percent(value)}, ${when(bucket)}` };
  });
  return figure('Success', line(points, { ...shape, top: 1, says: percent, label: `Success over time, from ${percent(points[0]?.value)} to ${percent(points.at(-1)?.value)}` }));
}

function durations(buckets, shape) {
  const points = buckets.filter((bucket) => bucket.times.length).map((bucket) => ({ at: middle(bucket), value: median(bucket.times), title: `${duration(median(bucket.times))}, ${when(bucket)}` }));
  const says = (mark) => (mark ? duration(mark) : '0');
  return figure('Duration, median', line(points, { ...shape, says, label: `Median duration over time, from ${duration(points[0]?.value)} to ${duration(points.at(-1)?.value)}` }));
}

function median(numbers) {
  const sorted = [...numbers].sort((each, other) => each - other);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** A table with these columns: `[heading, cell(row), class]`. */
function table(heading, rows, columns, note = null) {
  if (!rows.length) return null;
  return h('section', { class: 'figure-table' }, h('h2', {}, heading), note && h('p', { class: 'dim' }, note),
    h('div', { class: 'scroll-x', tabindex: '0', role: 'region', 'aria-label': heading }, h('table', { class: 'table' },
      h('thead', {}, h('tr', {}, columns.map(([name, , kind]) => h('th', { class: kind, scope: 'col' }, name)))),
      h('tbody', {}, rows.slice(0, ROWS).map((row) => h('tr', {}, columns.map(([, cell, kind]) => h('td', { class: kind }, cell(row)))))))),
    rows.length > ROWS && h('p', { class: 'dim' }, `and ${rows.length - ROWS} more: `, h('code', {}, 'mdtodo stats')));
}

function lanes(status, stats) {
  const past = new Map((stats.lanes ?? []).map((lane) => [lane.lane, lane]));
  const rows = Object.entries(status.workers).map(([name, lane]) => ({ ...lane, name, queue: status.queues[name] ?? 0, past: past.get(name) }));
  return table('Lanes', rows, [
    ['Lane', (lane) => h('b', {}, lane.name)],
    ['In use', (lane) => h('span', { class: 'usage' }, h('i', { 'aria-hidden': 'true' }, h('i', { css: { width: `${Math.min(100, (lane.active / Math.max(1, lane.capacity)) * 100)}%` } })), `${lane.active} of ${lane.capacity}`)],
    ['Lately', (lane) => lately(lane.past)],
    ['Ready', (lane) => count(lane.queue), 'number'],
    ['Runs', (lane) => count(lane.past?.runs), 'number'],
    ['Success', (lane) => rate(lane.past), 'number'],
    ['Median', (lane) => duration(lane.past?.median_duration), 'number'],
    ['Last', (lane) => ago(lane.past?.last_finished), 'number'],
  ]);
}

/** How the last attempts went, and how long each took. */
function lately(row) {
  const recent = (row?.recent ?? []).slice(-20);
  const failed = recent.filter((each) => each.outcome === 'failed').length;
  return recent.length > 0 && spark(recent, `The last ${recent.length}: ${failed} failed`);
}

const rate = (row) => h('span', { class: row?.failed ? 'bad' : null }, percent(row?.success_rate));

function processors(stats) {
  return table('Processors', stats.processors, [
    ['Processor', (row) => h('b', {}, row.processor ?? 'gone')],
    ['Lately', lately],
    ['Runs', (row) => count(row.runs), 'number'],
    ['Retries', (row) => count(row.attempts - row.runs), 'number'],
    ['Success', rate, 'number'],
    ['Median', (row) => duration(row.median_duration), 'number'],
    ['95%', (row) => duration(row.p95_duration), 'number'],
    ['Last', (row) => [stateGlyph(row.last_outcome), ' ', ago(row.last_finished)], 'number'],
  ]);
}

function estimates(stats) {
  const rows = stats.estimates.filter((row) => row.ratio !== null).sort((each, other) => other.measured_hours - each.measured_hours);
  const span = Math.max(...rows.map((row) => Math.abs(Math.log10(row.ratio || 1))), 1);
  return table('Estimated and actual', rows, [
    ['Task', (row) => h('a', { href: taskLink({ id: row.task, project: stats.project }) }, inline(row.title)), 'wide'],
    ['Estimated', (row) => duration(row.estimate_hours * 3600), 'number'],
    ['Actual', (row) => duration(row.measured_hours * 3600), 'number'],
    ['Ratio', (row) => ratio(row.ratio, span), 'ratio-cell'],
  ], 'Processors are measured, not people: what a person estimates for the work is longer than what proves it.');
}

/** To the left of the middle: quicker than estimated. On a logarithmic scale. */
function ratio(value, span) {
  const share = Math.min(1, Math.abs(Math.log10(value || 1)) / span) * 50;
  const said = value >= 10 ? `${Math.round(value)}×` : value >= 0.1 ? `${value.toFixed(1)}×` : `1/${count(Math.round(1 / value))}`;
  return h('span', { class: 'ratio' }, h('i', { 'aria-hidden': 'true' }, h('i', { class: value > 1 ? 'over' : null, css: value > 1 ? { left: '50%', width: `${share}%` } : { right: '50%', width: `${share}%` } })), said);
}

function flaky(stats) {
  return table('Flaky', stats.flaky, [
    ['Task', (row) => h('a', { href: taskLink({ id: row.task, project: stats.project }) }, inline(row.title ?? row.task)), 'wide'],
    ['Processor', (row) => row.processor],
    ['Passed', (row) => count(row.done), 'number'],
    ['Failed', (row) => count(row.failed), 'number'],
    ['Seen by', (row) => ({ retry: 'a retry that passed' })[row.evidence] ?? row.evidence],
  ]);
}
