// Keys: which do what, and the list of them that the help shows.

const scopes = new Map(); // name -> [{ keys, says, run }]
const EDITABLE = 'input, textarea, select, [contenteditable]';

/** Whether single letters do something; who dictates to the machine can turn that off. */
export const letters = {
  get on() { return localStorage.getItem('mdtodo.letters') !== 'off'; },
  set on(on) { localStorage.setItem('mdtodo.letters', on ? 'on' : 'off'); },
};

/** Give a scope its keys, in place of those that it had: `[['d', 'Mark as done', fn], ...]`. */
export function bind(scope, rows) {
  scopes.set(scope, rows.map(([keys, says, run]) => ({ keys: keys.split(' '), says, run })));
}

export const unbind = (scope) => scopes.delete(scope);
export const bound = () => [...scopes].map(([scope, rows]) => ({ scope, rows }));

function named(event) {
  const mark = event.ctrlKey || event.metaKey ? 'Ctrl+' : '';
  return mark + (event.key.length === 1 && !mark ? event.key : event.key.length === 1 ? event.key.toUpperCase() : event.key);
}

function pressed(event) {
  if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.target.closest?.(EDITABLE) && event.key !== 'Escape') return;
  const key = named(event);
  if (key.length === 1 && !letters.on) return;
  for (const rows of [...scopes.values()].reverse()) {
    const row = rows.find((one) => one.keys.includes(key));
    if (row && row.run(event) !== false) {
      event.preventDefault();
      return;
    }
  }
}

addEventListener('keydown', pressed);
