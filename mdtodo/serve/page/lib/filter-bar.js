// The field of the filter, and menus that write into it.

import { h, replace } from './dom.js';
import { valueOf, withValue } from './filters.js';
import { PRIORITIES } from './format.js';
import { icon } from './glyph.js';
import { route, turn } from './route.js';

const MENUS = [
  ['priority', 'Priority', () => PRIORITIES],
  ['section', 'Section', (tasks) => tasks.flatMap((task) => task.section.slice(-1))],
  ['tag', 'Tag', (tasks) => tasks.flatMap((task) => task.tags)],
  ['category', 'Category', (tasks) => tasks.map((task) => task.category)],
  ['file', 'File', (tasks) => tasks.map((task) => task.file)],
  ['lane', 'Lane', (tasks) => tasks.map((task) => task.lane)],
  ['processor', 'Processor', (tasks) => tasks.map((task) => task.processor)],
  ['assignee', 'Assignee', (tasks) => tasks.flatMap((task) => [...task.title.matchAll(/(?:^|\s)@([\w.-]+)/g)].map((one) => one[1]))],
];
const MOST = 200; // entries of a menu

/** A filter bar; `tasks()` are those that the menus choose from. */
export function filterBar(tasks) {
  const text = () => route().query.q ?? '';
  let wait = 0;
  const field = h('input', {
    type: 'search', class: 'filter-field', 'data-filter': '', 'aria-label': 'Filter', 'aria-keyshortcuts': '/', placeholder: innerWidth < 720 ? 'Filter' : 'Filter: words, priority:high, tag:api', value: text(), autocomplete: 'off', spellcheck: 'false',
    oninput: () => {
      clearTimeout(wait);
      wait = setTimeout(() => turn({ q: field.value.trim() }, { quiet: true }), 120);
    },
    onkeydown: (event) => { if (event.key === 'Escape') field.blur(); },
  });
  const menus = h('div', { class: 'filter-menus', id: 'filter-menus', popover: 'auto' });
  const button = h('button', { class: 'ghost', type: 'button', popovertarget: 'filter-menus', 'aria-label': 'Filter by' }, icon('filter'), h('span', {}, 'Filter by'));
  menus.addEventListener('beforetoggle', (event) => { if (event.newState === 'open') drawMenus(menus, tasks(), text, field); });
  menus.addEventListener('toggle', (event) => {
    if (event.newState !== 'open') return;
    const { left, bottom } = button.getBoundingClientRect();
    menus.style.setProperty('left', `${Math.max(8, Math.min(left, innerWidth - menus.offsetWidth - 8))}px`);
    menus.style.setProperty('top', `${bottom + 6}px`);
  });
  const bar = h('div', { class: 'filter', role: 'search' }, h('div', { class: 'filter-box' }, icon('search'), field, h('kbd', {}, '/')), button, menus);
  return { bar, sync: () => { if (document.activeElement !== field) field.value = text(); } };
}

function drawMenus(menus, tasks, text, field) {
  const menu = ([key, label, values]) => {
    const found = [...new Set(values(tasks).filter(Boolean))];
    if (key !== 'priority') found.sort((one, other) => one.localeCompare(other));
    if (found.length === 0) return null;
    const chosen = valueOf(text(), key);
    const select = h('select', {
      onchange: () => {
        field.value = withValue(text(), key, select.value);
        turn({ q: field.value }, { quiet: true });
      },
    }, h('option', { value: '' }, 'Any'), found.slice(0, MOST).map((value) => h('option', { value, selected: value.toLowerCase() === chosen.toLowerCase() }, value)));
    return h('label', {}, h('span', {}, label), select);
  };
  replace(menus, MENUS.map(menu), h('button', {
    class: 'ghost', type: 'button',
    onclick: () => {
      field.value = '';
      turn({ q: '' }, { quiet: true });
      menus.hidePopover();
    },
  }, 'Clear all'));
}
