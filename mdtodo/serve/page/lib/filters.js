// The filter: words of the title, and `key:value` as in `mdtodo list`. The text is all there is to it: the menus write
// into it, and the address keeps it.

import { column, overdue } from './format.js';

const KEYS = {
  state: (task, value) => column(task) === value || task.state === value || task.status === value,
  priority: (task, value) => task.priority === value,
  category: (task, value) => task.category === value || `${task.category}/${task.kind}` === value,
  tag: (task, value) => task.tags.some((tag) => tag.toLowerCase() === value || tag.toLowerCase().startsWith(`${value}/`)),
  file: (task, value) => task.file.toLowerCase() === value || task.file.toLowerCase().startsWith(`${value}/`),
  section: (task, value) => task.section.some((heading) => heading.toLowerCase().includes(value)),
  assignee: (task, value) => new RegExp(`(^|\\s)@${escape(value.replace(/^@/, ''))}\\b`, 'i').test(task.title),
  lane: (task, value) => task.lane.toLowerCase() === value,
  worker: (task, value) => (task.worker ?? '').toLowerCase() === value,
  processor: (task, value) => (task.processor ?? '').toLowerCase() === value,
  complexity: (task, value) => task.complexity === value,
  project: (task, value) => (task.project ?? '').toLowerCase() === value,
  due: (task, value) => Boolean(task.due) && task.due <= value,
  is: (task, value) => value === 'overdue' && overdue(task),
};
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** `[[key, value], ...]`; words have the key ''. A value with blanks is written `section:"Second half"`. */
export function parse(text) {
  const found = [];
  for (const [, key, quoted, plain] of text.matchAll(/(?:([a-z]+):(?=\S))?(?:"([^"]*)"|(\S+))/gi)) {
    const value = quoted ?? plain;
    if (key && !(key.toLowerCase() in KEYS)) found.push(['', `${key}:${value}`]);
    else found.push([key?.toLowerCase() ?? '', value]);
  }
  return found;
}

export function write(terms) {
  return terms.map(([key, value]) => (key ? `${key}:` : '') + (/\s/.test(value) ? `"${value}"` : value)).join(' ');
}

/** The function that lets a task through: of several values of one key one must fit, and of each key. */
export function compile(text) {
  const groups = new Map();
  for (const [key, value] of parse(text)) {
    const name = key || `=${value}`;
    groups.set(name, [...(groups.get(name) ?? []), [key, value.toLowerCase()]]);
  }
  const tests = [...groups.values()];
  return (task) => tests.every((group) => group.some(([key, value]) => (key ? KEYS[key](task, value) : has(task, value))));
}

const has = (task, word) => task.title.toLowerCase().includes(word) || task.id.startsWith(word);

/** The value of a key in the text, '' if there is none or more than one. */
export function valueOf(text, key) {
  const values = parse(text).filter(([one]) => one === key);
  return values.length === 1 ? values[0][1] : '';
}

/** The text with this value for a key, or with none. */
export function withValue(text, key, value) {
  const rest = parse(text).filter(([one]) => one !== key);
  return write(value ? [...rest, [key, value]] : rest);
}
