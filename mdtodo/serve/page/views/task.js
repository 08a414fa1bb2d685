// A task's own page: its text and keys, what it waits for, what its processor prints, and what proved it.

import { projectOf, taskPath } from '../lib/api.js';
import { refused, say, short } from '../lib/actions.js';
import { ask, json } from '../lib/api.js';
import { openDialog } from '../lib/dialog.js';
import { h, inline, replace } from '../lib/dom.js';
import { column, day, estimate, overdue, STATE_HINTS, STATE_TITLES } from '../lib/format.js';
import { icon, priorityGlyph, stateGlyph } from '../lib/glyph.js';
import { bind, unbind } from '../lib/keys.js';
import { link, taskLink } from '../lib/route.js';
import { store } from '../lib/store.js';
import { toast } from '../lib/toast.js';
import { openAdd } from './add.js';
import { history } from './history.js';
import { outputPane } from './output.js';

export const title = 'Task';

export function show({ main, query, rest, title: heading }) {
  const stop = view(main, rest, query.project, { named: (task) => { replace(heading, h('a', { href: link('board', '', { project: query.project }) }, 'Board'), h('span', { class: 'dim' }, ' › '), task.id); document.title = `${short(task.title)} · mdtodo`; } });
  return { stop };
}

/** The same in a panel beside the board; the function that ends it. */
export function panel(side, id, project, close) {
  const head = h('div', { class: 'panel-head' },
    h('a', { class: 'ghost-link', href: taskLink({ id, project }) }, icon('out'), 'Open as a page'),
    h('button', { class: 'ghost square', type: 'button', 'aria-label': 'Close the task', onclick: close }, icon('close')));
  const body = h('div', {});
  side.append(head, body);
  return view(body, id, project, { scope: 'Task beside the board' });
}

function view(root, id, project, { named = null, scope = 'Task' } = {}) {
  const own = { id, project };
  const query = project ? `?project=${encodeURIComponent(project)}` : '';
  const path = taskPath(own) + query;
  const receipts = `receipts?task=${encodeURIComponent(id)}${project ? `&project=${encodeURIComponent(project)}` : ''}`;
  const parts = { head: h('div', {}), keys: h('dl', { class: 'facts' }), text: h('div', {}), history: h('div', {}) };
  const output = outputPane(own);
  const box = h('article', { class: 'task', 'aria-busy': 'true' }, h('div', { class: 'task-main' }, parts.head, parts.text, output.element, parts.history), h('div', { class: 'task-side' }, parts.keys));
  root.append(box);
  let last = null;
  const watch = store.watch(() => [path, receipts, 'tasks'], () => {
    const problem = store.problem(path);
    const task = current();
    if (problem && problem.status === 404) return replace(box, gone(id));
    if (!task) return null;
    box.removeAttribute('aria-busy');
    last = task;
    named?.(task);
    const relatives = lookup(task);
    replace(parts.head, head(task, relatives));
    replace(parts.keys, facts(task));
    replace(parts.text, text(task, relatives));
    replace(parts.history, history(store.get(receipts)?.receipts ?? [], task));
    return output.update(task);
  });
  const current = () => (store.get(path)?.tasks ?? [store.get(path)?.task ?? null])[0];
  bind(scope, [
    ['d', 'Mark as done', () => (last && store.may('word') && !onCard() ? say(last, 'done') : false)],
    ['o', 'Reopen', () => (last && store.may('word') && !onCard() ? say(last, 'todo') : false)],
    ['x', 'Cancel', () => (last && store.may('word') && !onCard() ? say(last, 'cancelled') : false)],
  ]);
  return () => {
    watch.stop();
    output.stop();
    unbind(scope);
    box.remove();
  };
}

/** A card that has the focus is what the keys of the board mean. */
const onCard = () => Boolean(document.activeElement?.closest?.('[data-key]'));

const gone = (id) => h('div', { class: 'nothing' }, h('b', {}, 'No such task'), h('p', {}, 'Nothing has the id ', h('code', {}, id), '. Its title may have changed: an id that nobody wrote follows from the title.'), h('a', { href: link('board') }, 'To the board'));

/** The tasks of the same project by id. */
function lookup(task) {
  const all = store.get('tasks')?.tasks ?? [];
  return new Map(all.filter((one) => one.project === task.project).map((one) => [one.id, one]));
}

function head(task, relatives) {
  const state = column(task);
  const above = [];
  for (let one = relatives.get(task.parent); one && above.length < 6; one = relatives.get(one.parent)) above.unshift(one);
  return [
    above.length > 0 && h('nav', { class: 'crumbs', 'aria-label': 'Tasks above' }, above.map((one) => [h('a', { href: taskLink(one) }, short(one.title)), h('span', { 'aria-hidden': 'true' }, '›')])),
    h('h2', { class: 'task-title' }, inline(task.title)),
    h('p', { class: 'task-state' }, h('span', { class: `state-words state-${state}` }, stateGlyph(state), STATE_TITLES[state]), h('span', { class: 'dim' }, sentence(task, state))),
    actions(task),
  ];
}

function sentence(task, state) {
  if (task.waits) return typeof task.waits === 'string' ? task.waits : task.waits.join(' ');
  if (task.claim) return `Claimed by ${task.claim.worker}`;
  if (state === 'ready' && !task.processor) return 'Ticked with its subtasks';
  return STATE_HINTS[state];
}

function actions(task) {
  if (!store.may('word')) return null;
  const closed = ['done', 'cancelled'].includes(task.status);
  const button = (words, run, kind = '') => h('button', { type: 'button', class: kind, onclick: run }, words);
  return h('div', { class: 'task-actions' },
    !closed && button('Mark as done', () => say(task, 'done'), column(task) === 'manual' ? 'primary' : ''),
    (closed || task.failures > 0 || column(task) === 'failed') && button('Reopen', () => say(task, 'todo')),
    store.may('run') && !closed && task.processor && column(task) !== 'running' && button([icon('play'), 'Run'], () => run(task), 'primary'),
    button('Subtask', () => openAdd(task)),
    button('Note', () => note(task)),
    !closed && task.complexity && !task.children.length && button('Break down', () => post(task, '/expand', {}, 'Broken down')),
    !closed && button('Cancel', () => say(task, 'cancelled'), 'ghost danger'));
}

async function run(task) {
  try {
    await ask('POST', 'runs', { query: projectOf(task), body: { ids: [task.id] } });
    toast(`Started: ${short(task.title)}`);
    store.outdated(['runs', 'status', 'tasks', 'task']);
  } catch (error) {
    refused(error, task);
  }
}

async function post(task, rest, body, said) {
  try {
    await json(await ask('POST', taskPath(task, rest), { query: projectOf(task), body, etag: task.etag }));
    toast(`${said}: ${short(task.title)}`);
    store.outdated(['tasks', 'task', 'plan', 'status', 'receipts']);
    return true;
  } catch (error) {
    refused(error, task);
    return false;
  }
}

function note(task) {
  const field = h('input', { name: 'text', required: true, autocomplete: 'off' });
  const close = openDialog('Add a note', h('form', {
    class: 'form', onsubmit: async (event) => {
      event.preventDefault();
      if (await post(task, '/note', { text: field.value }, 'Noted')) close();
    },
  }, h('label', {}, h('span', {}, 'A bullet below the task'), field), h('div', { class: 'form-end' }, h('button', { class: 'primary', type: 'submit' }, 'Add'))), { narrow: true });
  field.focus();
}

function text(task, relatives) {
  const known = (ids) => ids.map((id) => relatives.get(id) ?? { id });
  const waits = task.blocked_by.filter((id) => !task.children.includes(id));
  return [
    task.body && h('section', { 'aria-label': 'Text' }, h('pre', { class: 'task-text' }, task.body)),
    list('Waits for', known(waits), task),
    list('Subtasks', known(task.children), task),
    list('Needed by', known(task.blocks.filter((id) => id !== task.parent)), task),
  ];
}

function list(heading, tasks, { project }) {
  if (!tasks.length) return null;
  return h('section', {}, h('h3', {}, heading), h('ul', { class: 'task-list' }, tasks.slice(0, 100).map((one) => h('li', {},
    one.title === undefined
      ? [stateGlyph('blocked'), h('span', { class: 'mono' }, one.id)]
      : [stateGlyph(column(one)), h('a', { href: taskLink({ ...one, project }) }, inline(one.title)), h('span', { class: 'hidden-text' }, STATE_TITLES[column(one)])])),
  tasks.length > 100 && h('li', { class: 'dim' }, `and ${tasks.length - 100} more`)));
}

function facts(task) {
  const rows = [
    ['Id', h('span', { class: 'id' }, task.id)],
    ['Where', h('span', { class: 'mono break' }, `${task.file}:${task.line}`)],
    ['Project', task.project],
    ['Section', task.section.join(' › ')],
    ['Priority', h('span', { class: 'state-words' }, priorityGlyph(task.priority), task.priority)],
    ['Lane', task.lane !== task.priority && task.lane],
    ['Due', task.due && h('span', { class: overdue(task) ? 'bad' : '' }, `${day(task.due)}${overdue(task) ? ', overdue' : ''}`)],
    ['Not before', task.from && day(task.from)],
    ['Every', task.every],
    ['Estimate', task.estimate_hours !== null && `${estimate(task.estimate_hours)} · ${task.complexity}`],
    ['Category', [task.category, task.kind].filter(Boolean).join('/')],
    ['Tags', task.tags.map((tag) => `#${tag}`).join(' ')],
    ['Proved by', task.processor ?? (task.children.length ? 'its subtasks' : 'a person’s word')],
    ['Command', task.command && h('code', { class: 'break' }, task.command)],
    ['Needs', task.needs.join(', ')],
    ['After', task.after.join(', ')],
    ['Worker', task.worker],
    ['Failed', task.failures > 0 && h('span', { class: 'bad' }, `${task.failures}×`)],
  ];
  return rows.filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
}
