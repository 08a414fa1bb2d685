// What was made of a task: the receipts with their commits, and how long each attempt took.

import { h, svg } from '../lib/dom.js';
import { ago, duration, moment } from '../lib/format.js';
import { stateGlyph } from '../lib/glyph.js';

const WORDS = { done: 'done', failed: 'failed', todo: 'reopened', cancelled: 'cancelled', deferred: 'try again later', skipped: 'skipped', blocked: 'left open', interrupted: 'interrupted', cached: 'result stands' };
const BARS = 40;

export function history(receipts) {
  if (!receipts.length) return h('section', {}, h('h3', {}, 'Receipts'), h('p', { class: 'dim' }, 'None yet: nothing has proved it, and nobody has spoken for it.'));
  const timed = receipts.filter((one) => one.duration !== null && one.attempt > 0).slice(0, BARS).reverse();
  return [
    timed.length > 1 && h('section', {}, h('h3', {}, 'Durations'), durations(timed)),
    h('section', {}, h('h3', {}, 'Receipts'), h('ol', { class: 'receipts' }, receipts.map(receipt))),
  ];
}

function receipt(one) {
  const who = one.by || (one.attempt === 0 && one.processor !== 'rollup' ? one.author : one.worker);
  return h('li', {}, stateGlyph(one.outcome),
    h('div', {},
      h('b', {}, WORDS[one.outcome] ?? one.outcome), ' ',
      h('span', { class: 'dim' }, one.processor === 'manual' ? 'by hand' : `by ${one.processor}`),
      one.attempt > 1 && h('span', { class: 'dim' }, `, attempt ${one.attempt}`),
      one.error && h('span', { class: 'bad' }, ` ${one.error}`),
      h('div', { class: 'receipt-more' },
        one.commit && h('code', { title: one.commit }, one.commit.slice(0, 10)),
        one.tree && h('span', { title: 'The tree that it was proven on' }, one.tree === 'dirty' ? 'changed files' : `tree ${one.tree.slice(0, 7)}`),
        who && h('span', {}, who),
        Object.entries(one.metrics ?? {}).map(([name, value]) => h('span', {}, `${name} ${value}`)))),
    h('div', { class: 'receipt-when' }, one.attempt > 0 && h('span', {}, duration(one.duration)), h('time', { class: 'dim', datetime: one.date, title: moment(one.date) }, ago(one.date))));
}

/** A bar for each, on a scale from nothing to the longest. */
function durations(timed) {
  const most = Math.max(...timed.map((one) => one.duration), 0.001);
  const width = 8;
  const bars = timed.map((one, at) => {
    const height = Math.max(2, (one.duration / most) * 44);
    return svg('rect', { x: at * (width + 3), y: 46 - height, width, height, rx: 1.5, class: one.outcome === 'failed' ? 'bar-bad' : 'bar-good' },
      svg('title', {}, `${WORDS[one.outcome] ?? one.outcome}, ${duration(one.duration)}, ${moment(one.date)}`));
  });
  const sorted = timed.map((one) => one.duration).sort((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return h('div', { class: 'durations' },
    svg('svg', { viewBox: `0 0 ${timed.length * (width + 3)} 46`, height: 46, width: timed.length * (width + 3), role: 'img', 'aria-label': `Durations of ${timed.length} attempts: median ${duration(middle)}, longest ${duration(most)}` }, bars),
    h('span', { class: 'dim' }, `median ${duration(middle)}`, h('br', {}), `longest ${duration(most)}`));
}
