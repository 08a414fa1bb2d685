// The shell: navigation, the state of the connection, and one view at a time.

import { undoLast } from './lib/actions.js';
import { h, replace } from './lib/dom.js';
import { icon } from './lib/glyph.js';
import { bind } from './lib/keys.js';
import { go, link, route, turn } from './lib/route.js';
import { store } from './lib/store.js';
import { toasts } from './lib/toast.js';
import { openSignIn, welcome } from './views/welcome.js';
import { openAdd } from './views/add.js';
import { openHelp } from './views/help.js';
import * as board from './views/board.js';
import * as figures from './views/figures.js';
import * as plan from './views/plan.js';
import * as projects from './views/projects.js';
import * as runs from './views/runs.js';
import * as task from './views/task.js';

const VIEWS = { board, plan, runs, figures, projects, task };
const TABS = ['board', 'plan', 'runs', 'figures', 'projects'];
const shell = { nav: null, title: null, tools: null, main: null, link: null, project: null };
const TICK = 1000;
let open = null; // { name, stop, update }

function build() {
  shell.nav = h('nav', { class: 'rail', 'aria-label': 'Views' });
  shell.title = h('h1', {}, 'Board');
  shell.tools = h('div', { class: 'tools' });
  shell.link = h('button', { class: 'connection', type: 'button', onclick: () => store.connect() });
  shell.add = h('button', { class: 'primary', type: 'button', 'aria-keyshortcuts': 'n', onclick: () => openAdd() }, icon('add'), h('span', {}, 'Add task'));
  shell.signIn = h('button', { type: 'button', hidden: true, title: 'Changes need a token', onclick: () => openSignIn(begin) }, 'Read only');
  shell.banner = h('div', { class: 'banner', role: 'alert', hidden: true });
  shell.main = h('main', { id: 'main', tabindex: '-1' });
  replace(document.getElementById('app'),
    h('a', { class: 'skip', href: '#main', onclick: skip }, 'Skip to the content'),
    shell.nav,
    h('header', { class: 'top' }, shell.title, shell.tools, h('div', { class: 'top-end' }, shell.link, shell.signIn, shell.add)),
    shell.banner, shell.main, toasts());
  drawNav();
}

function skip(event) {
  event.preventDefault();
  shell.main.focus();
}

function drawNav() {
  const { view, query } = route();
  const several = (store.get('projects')?.projects.length ?? 0) > 1;
  const keep = { project: query.project };
  const tab = (name, at) => h('a', {
    href: link(name, '', name === 'projects' ? {} : keep), class: 'tab', 'aria-current': view === name ? 'page' : null, 'aria-keyshortcuts': String(at + 1), title: `${VIEWS[name].title} (${at + 1})`,
  }, icon(name), h('span', {}, VIEWS[name].title));
  replace(shell.nav,
    h('a', { class: 'mark', href: link('board'), 'aria-label': 'mdtodo, board' }, icon('board'), h('b', {}, 'mdtodo')),
    TABS.map(tab),
    several && projectMenu(query.project),
    h('div', { class: 'rail-end' },
      h('button', { class: 'tab', type: 'button', title: 'Colours', 'aria-label': `Colours: ${scheme()}`, onclick: nextScheme }, icon('sun'), h('span', {}, `Colours: ${scheme()}`)),
      h('button', { class: 'tab', type: 'button', title: 'Help (?)', 'aria-label': 'Help', onclick: openHelp }, icon('help'), h('span', {}, 'Help'), h('kbd', {}, '?'))));
}

function projectMenu(chosen) {
  const names = store.get('projects').projects.map((one) => one.name);
  const menu = h('select', { 'aria-label': 'Project', onchange: () => turn({ project: menu.value, task: '' }) },
    h('option', { value: '' }, 'All projects'), names.map((name) => h('option', { value: name, selected: name === chosen }, name)));
  return h('div', { class: 'rail-project' }, menu);
}

// ---- colours: as the system has them, unless a person says otherwise

const SCHEMES = ['auto', 'light', 'dark'];
const scheme = () => localStorage.getItem('mdtodo.colours') ?? 'auto';

function nextScheme() {
  localStorage.setItem('mdtodo.colours', SCHEMES[(SCHEMES.indexOf(scheme()) + 1) % SCHEMES.length]);
  showScheme();
  drawNav();
  shell.nav.querySelector('.rail-end button').focus();
}

function showScheme() {
  document.documentElement.dataset.scheme = scheme();
}

// ---- the connection

const WORDS = { connecting: 'Connecting', live: 'Live', lost: 'Cut off', denied: 'No token' };

function showConnection() {
  const { connection } = store;
  shell.link.className = `connection ${connection}`;
  replace(shell.link, h('i', {}), h('span', {}, WORDS[connection]));
  shell.link.disabled = connection === 'live';
  shell.link.title = connection === 'live' ? 'What changes is shown at once' : 'Try again now';
  showBanner();
  document.body.classList.toggle('stale', connection === 'lost');
  if (connection === 'denied') showWelcome();
}

/** What a person has to know before anything else: that the page is cut off, or why a repository cannot be read. */
function showBanner() {
  const lost = store.connection === 'lost' && 'Cut off from the server: what you see may be old. Trying again until it answers.';
  const problem = store.problem('tasks');
  const failed = problem && ![0, 401].includes(problem.status) && problem.message;
  const missing = Object.entries(store.get('tasks')?.unavailable ?? {}).map(([name, why]) => `${name}: ${why}`).join(' ');
  const says = lost || failed || missing;
  if (shell.banner.textContent !== (says || '')) replace(shell.banner, says);
  shell.banner.hidden = !says;
}

function showWelcome() {
  open?.stop?.();
  open = null;
  shell.title.textContent = 'mdtodo';
  replace(shell.tools);
  replace(shell.main, welcome(begin));
}

function showSession() {
  const may = store.may('word');
  shell.add.hidden = !may;
  shell.signIn.hidden = may;
  document.body.classList.toggle('read-only', !may);
}

// ---- views

function show() {
  const { view, rest, query } = route();
  if (store.connection === 'denied') return;
  const name = view in VIEWS ? view : 'board';
  drawNav();
  if (open?.name === name && open.update && name !== 'task') {
    open.update(query, rest);
    return;
  }
  open?.stop?.();
  replace(shell.tools);
  replace(shell.main);
  shell.main.className = `view-${name}`;
  shell.title.textContent = VIEWS[name].title;
  document.title = `${VIEWS[name].title} · mdtodo`;
  open = { name, ...VIEWS[name].show({ main: shell.main, tools: shell.tools, title: shell.title, query, rest }) };
}

function bindKeys() {
  bind('Everywhere', [
    ['?', 'Show this help', openHelp],
    ['n', 'Add a task', () => (store.may('word') ? openAdd() : false)],
    ['/', 'Filter', () => focusOn('[data-filter]')],
    ['u Ctrl+Z', 'Undo the last change', undoLast],
    ...TABS.map((name, at) => [String(at + 1), `Go to: ${VIEWS[name].title}`, () => go(link(name, '', { project: route().query.project }))]),
  ]);
}

function focusOn(selector) {
  const found = document.querySelector(selector);
  found?.focus();
  return Boolean(found);
}

async function begin() {
  if (!(await store.signIn())) return;
  store.connect();
  shell.projects.again();
  open?.stop?.();
  open = null;
  show();
}

async function start() {
  showScheme();
  build();
  bindKeys();
  store.addEventListener('connection', showConnection);
  store.addEventListener('session', showSession);
  shell.projects = store.watch(() => (store.session ? ['projects'] : []), drawNav);
  addEventListener('hashchange', show);
  setInterval(() => store.tick(), TICK);
  document.addEventListener('visibilitychange', () => store.visible());
  store.watch(() => (store.session ? ['tasks'] : []), showBanner);
  showConnection();
  await begin();
}

start();
