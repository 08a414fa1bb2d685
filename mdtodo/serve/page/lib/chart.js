// Small charts. Each is a picture with a sentence that says what it shows.

import { h, svg } from './dom.js';
import { ticks } from './scale.js';

const HEIGHT = 156;
const PLOT = { left: 38, right: 6, top: 8, bottom: 22 };

/** A number at or above `most` at which an axis ends well, and the marks on the way. */
function nice(most) {
  if (!(most > 0)) return { top: 1, marks: [0, 1] };
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.5, 1, 2].map((one) => one * power).find((one) => most / one <= 4) ?? power * 2;
  const top = Math.ceil(most / step) * step;
  return { top, marks: Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step) };
}

function frame({ width, domain, top, marks, says, label, content }) {
  const y = (value) => PLOT.top + (1 - value / top) * (HEIGHT - PLOT.top - PLOT.bottom);
  const x = (at) => PLOT.left + ((at - domain.from) / (domain.to - domain.from)) * (width - PLOT.left - PLOT.right);
  return svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: 'img', 'aria-label': label },
    marks.map((mark) => [
      svg('line', { class: mark === 0 ? 'axis' : 'grid', x1: PLOT.left, x2: width - PLOT.right, y1: y(mark), y2: y(mark) }),
      svg('text', { class: 'tick', x: PLOT.left - 8, y: y(mark) + 4, 'text-anchor': 'end' }, says(mark)),
    ]),
    ticks(domain.from, domain.to, Math.max(2, Math.floor(width / 95))).map(({ at, says: when }) => svg('text', { class: 'tick', x: x(at), y: HEIGHT - 5, 'text-anchor': x(at) > width - 40 ? 'end' : x(at) < PLOT.left + 20 ? 'start' : 'middle' }, when)),
    content(x, y));
}

/** Stacked bars over time: `stacks` are `{ from, to, parts: [[name, number]], title }`. */
export function bars(stacks, { domain, width, label }) {
  const { top, marks } = nice(Math.max(...stacks.map((one) => one.parts.reduce((sum, [, number]) => sum + number, 0)), 1));
  const whole = marks.filter((mark) => Number.isInteger(mark));
  return frame({ width, domain, top, marks: whole, says: (mark) => mark, label, content: (x, y) => stacks.map(({ from, to, parts, title }) => {
    let below = 0;
    const wide = Math.max(2, Math.min(36, x(to) - x(from) - 2));
    const left = (x(from) + x(to)) / 2 - wide / 2;
    return svg('g', {}, svg('title', {}, title), parts.filter(([, number]) => number).map(([name, number]) => {
      const high = y(below) - y(below + number);
      below += number;
      return svg('rect', { class: `fill-${name}`, x: left, y: y(below), width: wide, height: Math.max(1, high - 1), rx: Math.min(2, wide / 2) });
    }));
  }) });
}

/** A line with its points: `{ at, value, title }`; null values leave a gap. */
export function line(points, { domain, width, label, top: given = null, says }) {
  const { top, marks } = given ? { top: given, marks: [0, given / 2, given] } : nice(Math.max(...points.map((one) => one.value ?? 0)));
  return frame({ width, domain, top, marks, says, label, content: (x, y) => {
    const known = points.filter((one) => one.value !== null);
    return [
      svg('path', { class: 'line', d: known.map((one, at) => `${at ? 'L' : 'M'}${x(one.at).toFixed(1)} ${y(one.value).toFixed(1)}`).join('') }),
      known.map((one) => svg('circle', { class: 'point', cx: x(one.at), cy: y(one.value), r: 3 }, svg('title', {}, one.title))),
    ];
  } });
}

/** A row of little bars: how the last attempts went, the tallest the longest. */
export function spark(recent, label) {
  const most = Math.max(...recent.map((one) => one.duration), 0.001);
  return svg('svg', { class: 'spark', width: recent.length * 6, height: 18, viewBox: `0 0 ${recent.length * 6} 18`, role: 'img', 'aria-label': label },
    recent.map((one, at) => svg('rect', { class: one.outcome === 'failed' ? 'fill-failed' : 'fill-done', x: at * 6, width: 4, rx: 1, height: Math.max(2, (one.duration / most) * 17), y: 18 - Math.max(2, (one.duration / most) * 17) })));
}

/** A chart with its heading and what its colours mean. */
export function figure(heading, chart, legend = []) {
  return h('figure', { class: 'figure' },
    h('figcaption', {}, h('h3', {}, heading), legend.map(([name, says]) => h('span', { class: 'legend' }, h('i', { class: `key-${name}` }), says))), chart);
}
