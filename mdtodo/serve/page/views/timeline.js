// A timeline: a row for each task, under the lane or the worker that had it. What runs grows.

import { h, inline, replace, still } from '../lib/dom.js';
import { duration } from '../lib/format.js';
import { stateGlyph } from '../lib/glyph.js';
import { taskLink } from '../lib/route.js';
import { ticks } from '../lib/scale.js';
import { VirtualList } from '../lib/virtual.js';

const HEADING = 30;
const ROW = 30;
const ROOM = 0.16; // to the right of the last bar, for its words
const TICK = 250; // milliseconds between two looks at what runs

export class Timeline {
  rows = [];
  domain = { from: 0, to: 1 };

  constructor() {
    this.axis = h('div', { class: 'timeline-axis', 'aria-hidden': 'true' });
    this.scroller = h('div', { class: 'timeline-rows' });
    this.empty = h('p', { class: 'dim timeline-empty', hidden: true }, 'No task of it has started.');
    this.element = h('div', { class: 'timeline' }, h('div', { class: 'timeline-top' }, h('span', {}), this.axis), this.empty, this.scroller);
    this.list = new VirtualList(this.scroller, {
      label: 'Tasks of the run', key: (row) => row.key, height: (row) => (row.heading ? HEADING : ROW),
      draw: (row) => (row.heading ? this.#heading(row) : this.#row(row)),
      signature: (row) => JSON.stringify(row.bar ?? row),
    });
    this.bars = new WeakMap(); // element -> bar
    this.timer = setInterval(() => this.#grow(), still() ? 1000 : TICK);
  }

  set(bars, run, by) {
    this.all = bars;
    this.run = run;
    const groups = new Map();
    for (const bar of bars) groups.set(bar[by], [...(groups.get(bar[by]) ?? []), bar]);
    this.rows = [...groups].sort(([one], [other]) => rank(one) - rank(other) || one.localeCompare(other)).flatMap(([name, those]) => [
      { key: `heading ${name}`, heading: true, name, number: those.length, busy: busy(those) },
      ...those.sort((one, other) => one.from - other.from).map((bar) => ({ key: bar.key, bar })),
    ]);
    this.empty.hidden = bars.length > 0;
    this.#measure();
    this.list.set(this.rows);
    this.#grow(true);
  }

  #measure() {
    const begins = (this.all ?? []).map((bar) => bar.from);
    const from = Math.min(...begins, this.run?.started ? Date.parse(this.run.started) : Infinity);
    const ends = (this.all ?? []).map((bar) => bar.to ?? Date.now());
    const to = Math.max(...ends, this.run?.finished ? Date.parse(this.run.finished) : 0, from + 1000);
    this.domain = { from, to: to + (to - from) * ROOM };
  }

  #grow(always = false) {
    const live = (this.all ?? []).some((bar) => bar.to === null);
    if ((!live && !always) || !this.element.isConnected) return;
    this.#measure();
    const { from, to } = this.domain;
    replace(this.axis, Number.isFinite(from) && ticks(from, to, Math.max(2, Math.floor(this.axis.clientWidth / 90))).map(({ at, says }) => h('span', { css: { left: `${((at - from) / (to - from)) * 100}%` } }, says)));
    for (const { element } of this.list.shown.values()) this.#place(element);
  }

  #place(element) {
    const bar = this.bars.get(element);
    if (!bar) return;
    const { from, to } = this.domain;
    const share = (at) => ((at - from) / (to - from)) * 100;
    const end = bar.to ?? Date.now();
    const box = element.querySelector('.bar');
    box.style.setProperty('left', `${share(bar.from)}%`);
    box.style.setProperty('width', `${Math.max(0.15, share(end) - share(bar.from))}%`);
    const words = element.querySelector('.bar-time');
    words.textContent = `${duration((end - bar.from) / 1000)}${bar.attempts > 1 ? `, attempt ${bar.attempts}` : ''}${bar.progress !== null && bar.to === null ? `, ${Math.round(bar.progress)}%` : ''}`;
    words.style.setProperty('left', `${share(end)}%`);
  }

  #heading({ name, number, busy: seconds }) {
    return h('div', { class: 'timeline-heading' }, h('b', {}, name), h('span', { class: 'dim' }, `${number} · ${duration(seconds)} of work`));
  }

  #row({ bar }) {
    const state = bar.outcome ?? (bar.phase === 'retrying' ? 'retrying' : 'running');
    const length = (bar.to ?? Date.now()) - bar.from || 1;
    const tries = bar.tries.slice(0, -1).map((attempt) => h('i', { class: 'bar-try', title: `Attempt ${attempt.attempt}: ${attempt.outcome ?? ''}`, css: { left: `${((attempt.from - bar.from) / length) * 100}%`, width: `${(((attempt.to ?? attempt.from) - attempt.from) / length) * 100}%` } }));
    const element = h('div', { class: 'timeline-row' },
      h('a', { class: 'timeline-name', href: taskLink(bar), title: bar.title }, stateGlyph(state), h('span', {}, inline(bar.title))),
      h('div', { class: 'timeline-track' },
        h('div', { class: `bar bar-${state}`, title: [bar.title, bar.processor, bar.outcome ?? 'running', bar.reason].filter(Boolean).join(' · ') }, tries, bar.progress !== null && bar.to === null && h('i', { class: 'bar-progress', css: { width: `${bar.progress}%` } })),
        h('span', { class: 'bar-time' })),
      h('span', { class: 'hidden-text' }, state, bar.reason ?? ''));
    this.bars.set(element, bar);
    queueMicrotask(() => this.#place(element));
    return element;
  }

  stop() {
    clearInterval(this.timer);
    this.list.stop();
  }
}

const PRIORITIES = ['critical', 'high', 'medium', 'low'];
const rank = (name) => (PRIORITIES.includes(name) ? PRIORITIES.indexOf(name) : PRIORITIES.length);
const busy = (bars) => bars.reduce((sum, bar) => sum + ((bar.to ?? Date.now()) - bar.from) / 1000, 0);
