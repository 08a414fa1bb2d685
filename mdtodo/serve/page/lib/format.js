// Numbers, times and words as people read them.

export const STATES = ['blocked', 'ready', 'manual', 'doing', 'running', 'failed', 'done', 'cancelled'];

/** What each state says, for the help and for readers of a screen. */
export const STATE_TITLES = {
  blocked: 'Blocked', ready: 'Ready', manual: 'Manual', doing: 'Doing', running: 'Running',
  failed: 'Failed', done: 'Done', cancelled: 'Cancelled',
};
export const STATE_HINTS = {
  blocked: 'Waits for something', ready: 'The next run starts it', manual: 'Nothing proves it but a person’s word',
  doing: 'Somebody has it', running: 'A worker has it', failed: 'It failed too often, and waits for a person',
  done: 'Proven, or marked by hand', cancelled: 'Will not be done',
};

/** The column of a task: that of `running` has what is tried again, and what is committed, too; what a person or another
    program has claimed is being done. */
export const column = (task) => (task.claim && task.state === 'running' ? 'doing' : COLUMNS[task.state] ?? task.state);
const COLUMNS = { retrying: 'running', landing: 'running', leased: 'running', unrouted: 'manual' };

export const PRIORITIES = ['critical', 'high', 'medium', 'low'];

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60 + 1e-9);
  if (minutes < 60) return pair(minutes, 'min', Math.round(seconds % 60), 's', minutes < 10);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return pair(hours, 'h', minutes % 60, 'min', hours < 24);
  return `${Math.round(hours / 24)} d`;
}

const pair = (big, unit, small, other, both) => (both && small ? `${big} ${unit} ${small} ${other}` : `${big} ${unit}`);

/** An estimate as the key writes it: a day has eight hours. */
export function estimate(hours) {
  if (hours === null || hours === undefined) return '';
  if (hours < 1) return `${Math.round(hours * 60)}m`;
  const whole = Math.floor(hours);
  const minutes = Math.round((hours - whole) * 60);
  if (hours >= 8 && hours % 8 === 0) return `${hours / 8}d`;
  return minutes ? `${whole}h${minutes}m` : `${whole}h`;
}

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

/** `3 min. ago`, `yesterday`. */
export function ago(iso, now = Date.now()) {
  if (!iso) return '–';
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, length] of [['year', 31536000], ['month', 2629800], ['day', 86400], ['hour', 3600], ['minute', 60]]) {
    if (Math.abs(seconds) >= length) return RELATIVE.format(Math.round(seconds / length), unit);
  }
  return seconds > -5 ? 'just now' : RELATIVE.format(Math.round(seconds), 'second');
}

const MOMENT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const SECOND = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const moment = (iso) => (iso ? MOMENT.format(new Date(iso)) : '–');
export const day = (iso) => (iso ? DAY.format(new Date(iso)) : '–');
export const clock = (iso) => (iso ? CLOCK.format(new Date(iso)) : '–');
export const clockSeconds = (iso) => (iso ? SECOND.format(new Date(iso)) : '–');

export const percent = (share) => (share === null || share === undefined ? '–' : `${Math.round(share * 100)}%`);
export const count = (number) => Number(number ?? 0).toLocaleString('en');

/** `1 task`, `2 tasks`. */
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

const today = () => new Date().toLocaleDateString('sv');
export const overdue = (task) => Boolean(task.due) && task.due < today() && !['done', 'cancelled'].includes(task.status);

export const bytes = (size) => (size < 1024 ? `${size} B` : size < 1048576 ? `${(size / 1024).toFixed(0)} KB` : `${(size / 1048576).toFixed(1)} MB`);
