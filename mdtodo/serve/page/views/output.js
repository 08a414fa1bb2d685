// What a processor printed, and prints while it runs.

import { address, ask, json, projectOf, taskPath } from '../lib/api.js';
import { h, replace } from '../lib/dom.js';
import { column, moment } from '../lib/format.js';

const KEPT = 200_000; // characters; of more the end is shown

/** `update(task)` follows it while it runs; `stop()` ends that. */
export function outputPane(own) {
  const text = h('pre', { class: 'output-text', tabindex: '0', 'aria-label': 'Output', role: 'region' });
  const note = h('span', { class: 'dim' });
  const menu = h('select', { class: 'small', 'aria-label': 'Attempt', hidden: true, onchange: () => read(false) });
  const element = h('section', { class: 'output', hidden: true }, h('div', { class: 'output-head' }, h('h3', {}, 'Output'), note, h('span', { class: 'push' }), menu), text);
  let reading = null; // { live, abort }

  async function read(live) {
    reading?.abort.abort();
    const mine = { live, abort: new AbortController() };
    reading = mine;
    note.textContent = live ? 'as it comes' : '';
    const [run, attempt] = live || !menu.value ? [] : menu.value.split(' ');
    try {
      const answer = await fetch(address(taskPath(own, '/output'), { ...projectOf(own), follow: live ? 'true' : null, run, attempt }), { signal: mine.abort.signal, cache: 'no-store' });
      if (answer.ok) await pour(answer.body, mine);
    } catch (error) {
      if (error.name !== 'AbortError' && reading === mine) note.textContent = 'cut off';
      return;
    }
    if (reading === mine) note.textContent = '';
  }

  async function pour(body, mine) {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    let raw = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (reading !== mine) return;
      raw += done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (raw.length > KEPT * 2) raw = raw.slice(-KEPT);
      draw(raw);
      if (done) return;
    }
  }

  function draw(raw) {
    const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 24;
    element.hidden = raw === '' && menu.hidden;
    replace(text, raw ? plain(raw.length > KEPT ? `…\n${raw.slice(-KEPT)}` : raw) : h('span', { class: 'dim' }, 'It printed nothing.'));
    if (atEnd) text.scrollTop = text.scrollHeight;
  }

  /** The attempts that there are, the newest first; the one that was chosen stays chosen. */
  async function attempts(live) {
    const found = await list(own);
    const before = menu.value;
    menu.hidden = live || found.length < 2;
    replace(menu, found.map((one) => h('option', { value: `${one.run} ${one.attempt}` }, `${moment(one.time)}, attempt ${one.attempt}: ${one.outcome ?? 'running'}`)));
    if (found.some((one) => `${one.run} ${one.attempt}` === before)) menu.value = before;
  }

  let shown = null;
  return {
    element,
    async update(task) {
      const live = column(task) === 'running';
      const now = `${live} ${live ? '' : task.etag}`;
      if (now === shown) return;
      shown = now;
      await attempts(live);
      read(live);
    },
    stop() {
      reading?.abort.abort();
      reading = null;
    },
  };
}

async function list(own) {
  try {
    return (await json(await ask('GET', taskPath(own, '/output'), { query: { ...projectOf(own), list: 'true' } }))).attempts ?? [];
  } catch {
    return []; // nothing has run, or nobody answers
  }
}

/** Without colours and other orders to a terminal; of a line that was written over, what stood there last. */
export function plain(raw) {
  return raw
    .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
    .replace(/\u001b[[(][0-9;?]*[ -/]*[@-~]|\u001b./g, '')
    .replace(/[^\n]*\r(?!\n)/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
