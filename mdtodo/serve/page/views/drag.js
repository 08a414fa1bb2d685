// Dragging a card with a mouse or a pen. A finger scrolls: it has the buttons of the task's own view.

import { h } from '../lib/dom.js';
import { column, STATE_TITLES } from '../lib/format.js';
import { store } from '../lib/store.js';

const START = 6; // pixels before a press is a drag
const EDGE = 64; // pixels from the side of the board in which it moves along
const PULL = 14; // pixels in a frame
const CLOSED = ['done', 'cancelled'];

/** Whether a person's word can bring this task there: states in between are worked out, not said. */
export function takes(task, state) {
  const from = column(task);
  if (from === state || ['running', 'doing', 'failed'].includes(state)) return false;
  if (CLOSED.includes(state)) return from !== 'running';
  return CLOSED.includes(from) || from === 'failed';
}

/** `find(key)` is the task of a card, `drop(task, state)` what to do once it is let go over a column. */
export function draggable(board, { find, drop }) {
  let held = null;

  function down(event) {
    if (event.button !== 0 || event.pointerType === 'touch' || !store.may('word')) return;
    const card = event.target.closest('[data-key]');
    const task = card && find(card.dataset.key);
    if (task) held = { card, task, x: event.clientX, y: event.clientY, ghost: null, over: null };
  }

  function move(event) {
    if (!held) return;
    if (!held.ghost && Math.hypot(event.clientX - held.x, event.clientY - held.y) < START) return;
    event.preventDefault();
    held.ghost ?? lift();
    held.ghost.style.setProperty('transform', `translate(${event.clientX - held.dx}px, ${event.clientY - held.dy}px)`);
    held.at = { x: event.clientX, y: event.clientY };
    over(under());
    pull();
  }

  const under = () => document.elementFromPoint(held.at.x, held.at.y)?.closest('.column') ?? null;

  /** A card that is held at the side of the board brings the columns that are out of sight. */
  function pull() {
    const { left, right } = board.getBoundingClientRect();
    const by = held.at.x > right - EDGE ? PULL : held.at.x < left + EDGE ? -PULL : 0;
    if (!by || held.pulling) return;
    held.pulling = true;
    requestAnimationFrame(() => {
      if (!held) return;
      held.pulling = false;
      board.scrollLeft += by;
      over(under());
      pull();
    });
  }

  function lift() {
    const { key } = held.card.dataset; // the press has given it the focus, and with that it may have been drawn anew
    held.card = [...board.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key) ?? held.card;
    const box = held.card.getBoundingClientRect();
    held.dx = held.x - box.left;
    held.dy = held.y - box.top;
    held.ghost = h('div', { class: 'ghost-card', css: { width: `${box.width}px`, height: `${box.height}px` } }, held.card.cloneNode(true));
    document.body.append(held.ghost);
    held.card.classList.add('lifted');
    board.classList.add('dragging');
    for (const one of board.querySelectorAll('.column')) {
      const good = takes(held.task, one.dataset.state);
      one.classList.toggle('takes', good);
      one.classList.toggle('refuses', !good && one.dataset.state !== column(held.task));
      one.dataset.drop = good ? `Drop: ${STATE_TITLES[one.dataset.state]}` : '';
    }
  }

  function over(element) {
    if (held.over === element) return;
    held.over?.classList.remove('over');
    held.over = element;
    if (element?.classList.contains('takes')) element.classList.add('over');
  }

  function end(taken) {
    if (!held) return;
    const { ghost, card, task, over: element } = held;
    held = null;
    if (!ghost) return;
    ghost.remove();
    card.classList.remove('lifted');
    board.classList.remove('dragging');
    for (const one of board.querySelectorAll('.column')) one.classList.remove('takes', 'refuses', 'over');
    addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener('click', swallow, { capture: true }), 50);
    if (taken && element && takes(task, element.dataset.state)) drop(task, element.dataset.state);
  }

  const swallow = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  const up = () => end(true);
  const away = (event) => { if (event.key === 'Escape' && held?.ghost) end(false); };
  const cancel = () => end(false);
  board.addEventListener('pointerdown', down);
  addEventListener('pointermove', move);
  addEventListener('pointerup', up);
  addEventListener('pointercancel', cancel);
  addEventListener('keydown', away);
  return {
    stop() {
      end(false);
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', up);
      removeEventListener('pointercancel', cancel);
      removeEventListener('keydown', away);
    },
  };
}
