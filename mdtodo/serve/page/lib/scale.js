// Axes of time: where their marks stand, and what they say.

import { clock, clockSeconds, day } from './format.js';

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800, 2592000].map((seconds) => seconds * 1000);

/** Marks between two moments (milliseconds), about `wanted` of them, at whole minutes, hours or days of local time. */
export function ticks(from, to, wanted = 6) {
  const step = STEPS.find((one) => (to - from) / one <= wanted) ?? STEPS.at(-1);
  const shift = new Date(from).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - shift) / step) * step + shift;
  const marks = [];
  for (let at = first; at <= to; at += step) marks.push({ at, says: said(at, step) });
  return marks;
}

function said(at, step) {
  const iso = new Date(at).toISOString();
  if (step >= 86_400_000) return day(iso);
  return step >= 60_000 ? clock(iso) : clockSeconds(iso);
}

/** Pieces of equal length that cover the time between, about `wanted` of them: `{ from, length, number }`. */
export function pieces(from, to, wanted = 28) {
  const length = STEPS.find((one) => (to - from) / one <= wanted) ?? STEPS.at(-1);
  const shift = new Date(from).getTimezoneOffset() * 60_000;
  const start = Math.floor((from - shift) / length) * length + shift;
  return { from: start, length, number: Math.max(1, Math.floor((to - start) / length) + 1) };
}

/** `second`, `5 min`, `day`: what follows the word each. */
export function lengthSaid(length) {
  const [unit, one, short] = [[86_400_000, 'day', 'days'], [3_600_000, 'hour', 'hours'], [60_000, 'minute', 'min'], [1000, 'second', 's']].find(([unit]) => length >= unit);
  return length === unit ? one : `${length / unit} ${short}`;
}
