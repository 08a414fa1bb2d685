// Small pictures drawn with strokes: one for each state and priority, and those of the navigation.

import { svg } from './dom.js';

const RING = { cx: 8, cy: 8, r: 5.75, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 };
const line = (d, more = {}) => svg('path', { d, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6, 'stroke-linecap': 'round', 'stroke-linejoin': 'round', ...more });
const solid = () => svg('circle', { cx: 8, cy: 8, r: 6.5, fill: 'currentColor' });
const cut = (d) => line(d, { stroke: 'var(--glyph-cut)', 'stroke-width': 1.7 });

const STATE = {
  ready: () => [svg('circle', RING)],
  blocked: () => [svg('circle', { ...RING, 'stroke-dasharray': '2.1 2.4' })],
  manual: () => [svg('circle', RING), svg('circle', { cx: 8, cy: 6.6, r: 1.5, fill: 'currentColor' }), line('M5.4 11.2c.5-1.5 1.500-2.200 2.600-2.200s2.100.7 2.600 2.200', { 'stroke-width': 1.3 })],
  doing: () => [svg('circle', RING), svg('path', { d: 'M8 4.500a3.500 3.500 0 0 1 0 7z', fill: 'currentColor' })],
  running: () => [svg('circle', { ...RING, opacity: 0.28 }), line('M8 2.25a5.75 5.75 0 0 1 5.75 5.75', { class: 'spin' })],
  failed: () => [solid(), cut('M5.9 5.900l4.200 4.200M10.100 5.900l-4.200 4.200')],
  done: () => [solid(), cut('M5.200 8.200l2 2 3.600-4')],
  cancelled: () => [svg('circle', RING), line('M5.600 10.400l4.800-4.800')],
};

/** The mark of a state; the words beside it say the same, so that it is hidden from readers of a screen. */
export function stateGlyph(state) {
  const key = { retrying: 'running', landing: 'running', cached: 'done', interrupted: 'cancelled', deferred: 'blocked', skipped: 'cancelled', todo: 'ready' }[state] ?? state;
  return svg('svg', { class: `glyph state-${key}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' }, (STATE[key] ?? STATE.ready)());
}

export function priorityGlyph(priority) {
  if (priority === 'critical') {
    return svg('svg', { class: 'glyph priority-critical', viewBox: '0 0 16 16', role: 'img', 'aria-label': 'critical' },
      svg('rect', { x: 2, y: 2, width: 12, height: 12, rx: 3, fill: 'currentColor' }), cut('M8 4.900v3.600M8 11v.1'));
  }
  const level = { high: 3, medium: 2, low: 1 }[priority] ?? 2;
  return svg('svg', { class: `glyph priority-${priority}`, viewBox: '0 0 16 16', role: 'img', 'aria-label': priority },
    [0, 1, 2].map((bar) => svg('rect', { x: 2.5 + bar * 4, y: 9 - bar * 3, width: 3, height: 4 + bar * 3, rx: 1, fill: 'currentColor', opacity: bar < level ? 1 : 0.25 })));
}

const ICONS = {
  board: 'M3 3.500h3v9H3zM7 3.500h3v6H7zM11 3.500h2.500v8H11z',
  plan: 'M2.500 4h3v3h-3zM10.500 2.500h3v3h-3zM10.500 10.500h3v3h-3zM5.500 5.500h2.500V4h2.500M8 5.500V12h2.500',
  runs: 'M2.500 4.500h6M5 8h6.500M8 11.500h5.500M2.500 2v12',
  figures: 'M2.500 13.500h11M4.500 11V8M8 11V3.500M11.500 11V6',
  projects: 'M2.500 4.500v8h11v-7H8L6.500 3.500h-4z',
  add: 'M8 3v10M3 8h10',
  help: 'M6 6.200c0-1.200.9-2 2-2s2 .8 2 1.900c0 1.400-2 1.600-2 3M8 11.600v.1',
  search: 'M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM10.400 10.400l3.100 3.100',
  close: 'M4 4l8 8M12 4l-8 8',
  out: 'M6 3H3.500v9.500H13V10M9 3h4v4M13 3L7.500 8.500',
  chevron: 'M6 4l4 4-4 4',
  sun: 'M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM8 1.500v1M8 13.500v1M1.500 8h1M13.500 8h1M3.400 3.400l.7.7M11.900 11.900l.7.7M3.400 12.600l.7-.7M11.900 4.100l.7-.7',
  filter: 'M2.500 4h11M4.500 8h7M6.500 12h3',
  fit: 'M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10',
  play: 'M5 3.500l7 4.500-7 4.500z',
  stop: 'M4.500 4.500h7v7h-7z',
  list: 'M2.500 4h.1M5.500 4h8M2.500 8h.1M5.500 8h8M2.500 12h.1M5.500 12h8',
};

export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, line(ICONS[name] ?? '', { 'stroke-width': 1.4 }));
}
