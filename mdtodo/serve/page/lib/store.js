// What the page knows of the server: documents with their ETags, and the stream that says when one is out of date.

import { address, ask, json, Problem } from './api.js';

const SILENCE = 30_000; // without an event
const LONGEST_PAUSE = 10_000;
const AWAY = 60_000;
const TOGETHER = 250; // changes within this time are one
const OTHERS = ['status', 'receipts', 'runs', 'stats', 'projects', 'task', 'plan'];

class Store extends EventTarget {
  documents = new Map(); // path -> { etag, data, stale, asking }
  watchers = new Set();
  connection = 'connecting'; // live, lost, denied
  session = null;

  /** Call `changed()` now and whenever one of these documents is another one; `paths()` says which they are. */
  watch(paths, changed) {
    const watcher = { paths, changed };
    this.watchers.add(watcher);
    this.refresh(watcher);
    return {
      again: () => this.refresh(watcher),
      stop: () => this.watchers.delete(watcher),
    };
  }

  get(path) {
    return this.documents.get(path)?.data ?? null;
  }

  problem(path) {
    return this.documents.get(path)?.problem ?? null;
  }

  async refresh(watcher) {
    const paths = watcher.paths();
    const news = await Promise.all(paths.map((path) => this.load(path)));
    if (this.watchers.has(watcher) && (news.some(Boolean) || !watcher.called)) {
      watcher.called = true;
      watcher.changed();
    }
  }

  /** Fetch a document unless it is known to be fresh; true if another one came. */
  async load(path) {
    const held = this.documents.get(path) ?? { etag: null, data: null, stale: true, asking: null, seen: 0 };
    this.documents.set(path, held);
    if (held.asking) return held.asking;
    if (!held.stale) return true;
    held.asking = this.#fetch(path, held).finally(() => { held.asking = null; });
    return held.asking;
  }

  async #fetch(path, held) {
    held.stale = false;
    try {
      const answer = await ask('GET', path, { known: kindOf(path) === 'status' ? null : held.etag });
      held.problem = null;
      if (answer.status === 304) return false;
      held.data = await json(answer);
      held.etag = answer.headers.get('ETag');
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      held.problem = error;
      held.stale = [0, 401, 503].includes(error.status); // worth another try
      if (error.status === 401) this.#is('denied');
      else if (error.status === 0) this.#lost();
      return true;
    }
  }

  /** These kinds of documents (`tasks`, `runs`, ...; none: all) may be different ones now. */
  outdated(kinds = null) {
    for (const [path, held] of this.documents) {
      if (!kinds || kinds.some((kind) => kindOf(path) === kind)) held.stale = true;
    }
    for (const watcher of this.watchers) this.refresh(watcher);
  }

  /** Call the watchers of these paths, whose documents were changed here. */
  #changedHere(path) {
    for (const watcher of this.watchers) if (watcher.paths().includes(path)) watcher.changed();
  }

  // ---- the stream

  pause = 500;

  connect() {
    clearTimeout(this.retry);
    this.retry = null;
    this.stream?.close();
    const stream = new EventSource(address('events'));
    this.stream = stream;
    const on = (name, run) => stream.addEventListener(name, (event) => {
      this.#alive();
      run(JSON.parse(event.data));
    });
    on('hello', (said) => this.#hello(said));
    on('change', () => this.#later(OTHERS));
    on('run', () => this.#later(OTHERS));
    on('project', () => this.outdated());
    on('reload', () => this.outdated());
    on('tasks', (said) => this.#tasks(said));
    stream.onerror = () => { if (this.stream === stream) this.#broken(stream); };
    this.#watch();
  }

  #hello(said) {
    this.version = said.version;
    this.#is('live');
    this.signIn();
    if (this.greeted) this.outdated(); // cut off in between: what was missed is fetched
    this.greeted = true;
  }

  /** Tasks that have become different ones, or are gone: put into what is known, without asking for all. */
  #tasks({ project, changed, removed, reload }) {
    const held = this.documents.get('tasks');
    if (reload || !held?.data) return this.outdated(['tasks', 'task', 'plan']);
    const news = new Map(changed.map((task) => [task.id, task]));
    const gone = new Set(removed);
    const kept = held.data.tasks.filter((task) => task.project !== project || !gone.has(task.id)).map((task) => {
      const now = task.project === project ? news.get(task.id) : null;
      if (now) news.delete(task.id);
      return now ?? task;
    });
    held.data = { ...held.data, tasks: news.size ? inOrder([...kept, ...news.values()]) : kept };
    held.etag = null;
    this.#changedHere('tasks');
    return this.#later(['task', 'plan']);
  }

  /** Soon, as several changes come together. */
  #later(kinds) {
    this.pending = new Set([...(this.pending ?? []), ...kinds]);
    this.soon ??= setTimeout(() => {
      const found = [...this.pending];
      this.soon = this.pending = null;
      this.outdated(found);
    }, TOGETHER);
  }

  #alive() {
    this.pause = 500;
    this.#watch();
    if (this.connection !== 'live') this.#is('live');
  }

  /** Where nothing is heard for long, ask whether anybody is there. */
  #watch() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(async () => {
      try {
        await ask('GET', '../../health', { signal: AbortSignal.timeout(5000) });
        this.#watch();
      } catch {
        this.#lost();
      }
    }, SILENCE);
  }

  /** The browser tries again by itself, unless it was refused. */
  #broken(stream) {
    if (stream.readyState === EventSource.CLOSED) this.#lost();
    else if (this.connection !== 'denied') this.#is('lost');
  }

  /** Cut off: say so, and try again after a pause that grows. */
  #lost() {
    if (this.retry) return;
    this.stream?.close();
    this.stream = null;
    clearTimeout(this.watchdog);
    if (this.connection !== 'denied') this.#is('lost');
    const pause = this.pause;
    this.pause = Math.min(LONGEST_PAUSE, pause * 2);
    this.retry = setTimeout(async () => {
      this.retry = null;
      if (await this.signIn()) this.connect();
    }, pause);
  }

  /** Who we are to the server; false where it wants a token, or does not answer. */
  async signIn() {
    try {
      this.session = await json(await ask('GET', '../../session'));
    } catch (error) {
      if (error.status === 401) this.#is('denied');
      else if (!this.stream) this.#lost();
      return false;
    }
    this.dispatchEvent(new CustomEvent('session'));
    return true;
  }

  may(what) {
    return Boolean(this.session?.may?.includes(what)) && (what !== 'run' || this.session.runs_allowed);
  }

  /** A page that nobody looks at lets go of its stream after a while: a browser has few connections to one server. */
  visible() {
    clearTimeout(this.away);
    if (document.hidden) {
      this.away = setTimeout(() => {
        this.stream?.close();
        this.stream = null;
        clearTimeout(this.watchdog);
      }, AWAY);
    } else if (!this.stream && this.connection === 'live') this.connect();
  }

  // ---- what runs

  /** What runs have in hand now, of all projects; it is asked for again as long as there is any. */
  running() {
    const status = this.get('status');
    return (status?.projects ?? (status ? [status] : [])).flatMap((one) => one.running.filter((task) => task.run).map((task) => ({ project: one.project, ...task })));
  }

  /** Call now and then: figures of what runs are fresh only when they are asked for. */
  tick() {
    if (this.connection === 'live' && !document.hidden && this.running().length) this.outdated(['status']);
  }

  #is(connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    this.dispatchEvent(new CustomEvent('connection'));
  }
}

/** `task` for `tasks/ID`, else the first word of the path. */
const kindOf = (path) => (path.startsWith('tasks/') ? 'task' : path.split(/[?/]/)[0]);

/** As the files have them. */
function inOrder(tasks) {
  const place = new Map();
  for (const task of tasks) {
    const file = `${task.project}/${task.file}`;
    if (!place.has(file)) place.set(file, place.size);
  }
  return tasks.sort((one, other) => place.get(`${one.project}/${one.file}`) - place.get(`${other.project}/${other.file}`) || one.line - other.line);
}

export const store = new Store();
