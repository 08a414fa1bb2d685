// Short news at the edge of the page, some with a way back.

import { h, replace } from './dom.js';
import { icon } from './glyph.js';

const SHOWN = 8000;
let region = null;
let way = null; // the newest way back that still holds

/** The region that a reader of a screen reads out; once on the page. */
export function toasts() {
  region = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
  return region;
}

/** Show a sentence; `undo` puts a button beside it, and the key `u` calls it too. `bad`: stays until it is closed. */
export function toast(sentence, { undo = null, bad = false, action = null } = {}) {
  const box = h('div', { class: bad ? 'toast bad' : 'toast' });
  const close = () => {
    box.remove();
    if (way?.box === box) way = null;
  };
  const back = undo && (() => {
    close();
    undo();
  });
  replace(box, h('span', {}, sentence),
    back && h('button', { class: 'link', type: 'button', onclick: back }, 'Undo', h('kbd', {}, 'u')),
    action && h('button', { class: 'link', type: 'button', onclick: () => { close(); action.run(); } }, action.says),
    h('button', { class: 'ghost square', type: 'button', 'aria-label': 'Close', onclick: close }, icon('close')));
  region.append(box);
  if (back) way = { box, back };
  while (region.children.length > 4) region.firstChild.remove();
  if (!bad) setTimeout(close, SHOWN);
  return close;
}

/** What the key for it calls; false if there is nothing to take back. */
export function undoNewest() {
  if (!way) return false;
  way.back();
  return true;
}
