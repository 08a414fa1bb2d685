// Dialogs: the browser's own, which keeps the focus inside and gives it back.

import { h } from './dom.js';
import { icon } from './glyph.js';

/** Open one with this heading; a function that closes it. */
export function openDialog(heading, content, { narrow = false, closed = null } = {}) {
  const dialog = h('dialog', { class: narrow ? 'narrow' : null, 'aria-labelledby': 'dialog-heading' });
  const close = () => dialog.close();
  dialog.append(
    h('div', { class: 'dialog-head' }, h('h2', { id: 'dialog-heading' }, heading),
      h('button', { class: 'ghost square', type: 'button', 'aria-label': 'Close', onclick: close }, icon('close'))),
    content);
  dialog.addEventListener('click', (event) => { if (event.target === dialog) close(); });
  dialog.addEventListener('close', () => {
    dialog.remove();
    closed?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return close;
}
