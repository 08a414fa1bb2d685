// A person's word: done, reopened, cancelled; each with a way back.

import { ask, json, projectOf, taskPath } from './api.js';
import { store } from './store.js';
import { toast, undoNewest } from './toast.js';

const SAID = { done: 'Marked as done', todo: 'Reopened', cancelled: 'Cancelled' };
const CHANGED = ['tasks', 'task', 'plan', 'status', 'projects', 'receipts'];

const underway = new Set(); // changes whose answer has not come yet

/** Say that a task is `done`, `todo` or `cancelled`; true if the server took it. */
export async function say(task, status, how = {}) {
  if (task.status === status) return false;
  const change = send(task, status, how);
  underway.add(change);
  try {
    return await change;
  } finally {
    underway.delete(change);
  }
}

/** Take back the newest change, also one that the board shows before its answer is here; false if there is none. */
export function undoLast() {
  if (underway.size === 0) return undoNewest();
  Promise.allSettled(underway).then(undoNewest);
  return true;
}

async function send(task, status, { back = true }) {
  const before = task.status === 'doing' ? 'todo' : task.status;
  try {
    const changed = await json(await ask('PATCH', taskPath(task), { query: projectOf(task), etag: await etagOf(task), body: { status } }));
    const now = changed?.tasks?.[0] ?? { ...task, etag: '*' };
    toast(`${SAID[status]}: ${short(task.title)}`, { undo: back && (() => say(now, before, { back: false })) });
    store.outdated(CHANGED);
    return true;
  } catch (error) {
    refused(error, task);
    return false;
  }
}

/** The condition of the change: the task as the page showed it. */
async function etagOf(task) {
  if (task.etag) return task.etag;
  return (await ask('GET', taskPath(task), { query: projectOf(task) })).headers.get('ETag');
}

export const short = (title) => (title.length > 60 ? `${title.slice(0, 58).trimEnd()}…` : title);

/** Say why a change was refused, in the words of the server. */
export function refused(error, task = null) {
  if (error.status === undefined) throw error;
  if (error.status === 412) {
    toast('The task has changed since this page showed it. Look again, then decide.', { bad: true });
    store.outdated();
  } else if (error.status === 0) toast('The server does not answer: nothing was changed.', { bad: true });
  else toast(task ? `${short(task.title)}: ${error.message}` : error.message, { bad: true });
}
