// What a processor printed, and prints while it runs.

import { address, projectOf, taskPath } from '../lib/api.js';
import { h, replace } from '../lib/dom.js';
import { column } from '../lib/format.js';

const KEPT = 200_000; // characters; of more the end is shown

/** `update(task)` follows it while it runs; `stop()` ends that. */
export function outputPane(own) {
  const text = h('pre', { class: 'output-text', tabindex: '0', 'aria-label': 'Output', role: 'region' });
  const note = h('span', { class: 'dim' });
  const element = h('section', { class: 'output', hidden: true }, h('div', { class: 'output-head' }, h('h3', {}, 'Output'), note), text);
  let running = null; // the state that is being read: { live, abort }

  async function read(live) {
    running?.abort.abort();
    const mine = { live, abort: new AbortController() };
    running = mine;
    note.textContent = live ? 'as it comes' : '';
    try {
      const answer = await fetch(address(taskPath(own, '/output'), { ...projectOf(own), follow: live ? 'true' : null }), { signal: mine.abort.signal, cache: 'no-store' });
      if (!answer.ok) return;
      await pour(answer.body, mine);
    } catch (error) {
      if (error.name !== 'AbortError' && running === mine) note.textContent = 'cut off';
    } finally {
      if (running === mine && live) note.textContent = '';
      mine.over = true;
    }
  }

  async function pour(body, mine) {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    let raw = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (running !== mine) return;
      raw += done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (raw.length > KEPT * 2) raw = raw.slice(-KEPT);
      draw(raw);
      if (done) return;
    }
  }

  function draw(raw) {
    const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 24;
    element.hidden = raw === '';
    replace(text, plain(raw.length > KEPT ? `…\n${raw.slice(-KEPT)}` : raw));
    if (atEnd) text.scrollTop = text.scrollHeight;
  }

  let shown = null;
  return {
    element,
    update(task) {
      const live = column(task) === 'running';
      const now = `${live} ${live ? '' : task.etag}`;
      if (!task.processor || now === shown) return;
      shown = now;
      read(live);
    },
    stop() {
      running?.abort.abort();
      running = null;
    },
  };
}

/** Without colours and other orders to a terminal; of a line that was written over, what stood there last. */
export function plain(raw) {
  return raw
    .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
    .replace(/\u001b[[(][0-9;?]*[ -/]*[@-~]|\u001b./g, '')
    .replace(/[^\n]*\r(?!\n)/g, '')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
