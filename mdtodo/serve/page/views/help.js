// The help: every key, in the scopes that hold now.

import { h } from '../lib/dom.js';
import { openDialog } from '../lib/dialog.js';
import { STATES, STATE_HINTS, STATE_TITLES } from '../lib/format.js';
import { stateGlyph } from '../lib/glyph.js';
import { bound, letters } from '../lib/keys.js';
import { store } from '../lib/store.js';

const SHOWN = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space' };
const shown = (key) => SHOWN[key] ?? key;

export function openHelp() {
  const keys = bound().map(({ scope, rows }) => h('section', {}, h('h3', {}, scope),
    h('dl', { class: 'keys' }, rows.map((row) => h('div', {}, h('dt', {}, row.keys.map((key) => h('kbd', {}, shown(key)))), h('dd', {}, row.says))))));
  const states = h('section', {}, h('h3', {}, 'States'),
    h('dl', { class: 'keys' }, STATES.map((state) => h('div', {}, h('dt', {}, stateGlyph(state), STATE_TITLES[state]), h('dd', {}, STATE_HINTS[state])))));
  const box = h('input', { type: 'checkbox', onchange: () => { letters.on = box.checked; } });
  box.checked = letters.on;
  openDialog('Help', h('div', { class: 'help' }, keys, states,
    h('section', {}, h('h3', {}, 'Filter'), h('p', {}, 'Words of the title, and as in ', h('code', {}, 'mdtodo list'), ': ',
      ['priority:high', 'tag:api', 'section:"Second half"', 'assignee:ada', 'is:overdue'].map((one) => [h('code', {}, one), ' ']))),
    h('section', {}, h('label', { class: 'check' }, box, ' Single letters do something'),
      h('p', { class: 'dim' }, `mdtodo ${store.version ?? ''}`, store.session?.email ? ` · you are ${store.session.email}` : ''))));
}
