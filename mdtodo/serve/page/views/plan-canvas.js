// The graph on a plane that can be moved and scaled.

import { framed, h, inline, replace, still, svg } from '../lib/dom.js';
import { column, estimate, plural, STATE_TITLES } from '../lib/format.js';
import { icon, priorityGlyph, stateGlyph } from '../lib/glyph.js';
import { taskLink } from '../lib/route.js';
import { visible } from './plan-groups.js';

const SCALES = [0.15, 2.5];

export class Canvas {
  view = { x: 0, y: 0, scale: 1 };
  turn = 0;

  constructor({ fold }) {
    this.fold = fold;
    this.lines = svg('svg', { class: 'plan-lines', 'aria-hidden': 'true' });
    this.frames = h('div', { class: 'plan-frames' });
    this.boxes = h('div', { class: 'plan-boxes' });
    this.plane = h('div', { class: 'plan-plane' }, this.frames, this.lines, this.boxes);
    const button = (name, says, run) => h('button', { type: 'button', class: 'square', 'aria-label': says, title: says, onclick: run }, name);
    this.element = h('div', { class: 'plan-canvas', role: 'group', 'aria-label': 'Graph of the plan' }, this.plane,
      h('div', { class: 'plan-zoom' }, button('−', 'Further away (-)', () => this.zoom(0.8)), button('+', 'Closer (+)', () => this.zoom(1.25)), button(icon('fit'), 'All of it (0)', () => this.fit())));
    this.apply = framed(() => this.plane.style.setProperty('transform', `translate(${this.view.x}px, ${this.view.y}px) scale(${this.view.scale})`));
    this.worker = new Worker(trusted(new URL('./plan-layout.js', import.meta.url)), { type: 'module' });
    this.worker.addEventListener('message', ({ data }) => { if (data.turn === this.turn) this.paint(data.placed); });
    this.#movable();
  }

  /** Lay it out and draw it; `keep`: the group that was folded or unfolded, which stays where it is. */
  draw(read, folded, keep = null) {
    const seen = visible(read, folded);
    Object.assign(this, { read, folded, seen, keep });
    this.keepAt = keep && this.#where(keep);
    this.element.setAttribute('aria-busy', 'true');
    this.turn += 1;
    this.steps = steps(read.critical.map((key) => seen.standsFor.get(key)));
    this.worker.postMessage({ turn: this.turn, nodes: seen.nodes, edges: seen.edges, groups: seen.groups, kept: [...this.steps] });
  }

  paint(placed) {
    const held = this.focused();
    this.placed = new Map([...placed.nodes, ...placed.groups]);
    this.size = { width: placed.width, height: placed.height };
    const critical = new Set(this.read.critical.map((key) => this.seen.standsFor.get(key)).filter(Boolean));
    replace(this.frames, placed.groups.map(([id, box]) => this.#frame(id, box)));
    replace(this.boxes, placed.nodes.map(([id, box]) => (this.read.groups.has(id) ? this.#folded(id, box, critical) : this.#box(id, box, critical))));
    this.lines.setAttribute('width', placed.width);
    this.lines.setAttribute('height', placed.height);
    const paths = placed.edges.map(({ from, to, points }) => ({ d: curve(points), hot: this.steps.has(`${from}\u0001${to}`) }));
    replace(this.lines, paths.sort((one, other) => one.hot - other.hot).map(({ d, hot }) => svg('path', { d, class: hot ? 'hot' : null })));
    this.element.removeAttribute('aria-busy');
    if (this.keepAt) this.#keep();
    else if (!this.fitted) this.fit();
    this.fitted ||= placed.nodes.length > 0;
    if (held) this.#focus(held, false);
  }

  #box(id, box, critical) {
    const task = this.read.tasks.get(id);
    const state = column(task);
    return h('a', { class: critical.has(id) ? 'plan-box critical' : 'plan-box', href: taskLink(task), css: place(box), data: { id }, draggable: 'false', title: task.title },
      h('span', { class: 'plan-box-title' }, inline(task.title)),
      h('span', { class: 'plan-box-meta' }, stateGlyph(state), h('span', {}, STATE_TITLES[state]), critical.has(id) && h('span', { class: 'hidden-text' }, ', on the critical path'), h('span', { class: 'push' }), h('span', {}, estimate(task.estimate_hours)), priorityGlyph(task.priority)));
  }

  #folded(id, box, critical) {
    const group = this.read.groups.get(id);
    return h('button', { type: 'button', class: critical.has(id) ? 'plan-box folded critical' : 'plan-box folded', css: place(box), data: { id }, 'aria-expanded': 'false', onclick: () => this.fold(id) },
      h('span', { class: 'plan-box-title' }, group.label), h('span', { class: 'plan-box-meta' }, icon('chevron'), plural(group.tasks.length, 'task')));
  }

  #frame(id, box) {
    const group = this.read.groups.get(id);
    return h('section', { class: id.startsWith('f:') ? 'plan-frame file' : 'plan-frame', css: place(box), 'aria-label': group.label },
      h('button', { type: 'button', class: 'plan-frame-name', 'aria-expanded': 'true', title: 'Fold', onclick: () => this.fold(id) }, icon('chevron'), h('span', {}, group.label)));
  }

  // ---- the view

  fit() {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.element;
    const scale = Math.min(1, Math.max(SCALES[0], Math.min(clientWidth / this.size.width, clientHeight / this.size.height)));
    const readable = Math.max(scale, 0.55);
    this.view = { scale: readable, x: Math.max(0, (clientWidth - this.size.width * readable) / 2), y: Math.max(0, (clientHeight - this.size.height * readable) / 2) };
    if (this.fitted) Object.assign(this.view, { scale, x: Math.max(0, (clientWidth - this.size.width * scale) / 2), y: Math.max(0, (clientHeight - this.size.height * scale) / 2) });
    this.apply();
  }

  zoom(by, at = { x: this.element.clientWidth / 2, y: this.element.clientHeight / 2 }) {
    const scale = Math.min(SCALES[1], Math.max(SCALES[0], this.view.scale * by));
    const ratio = scale / this.view.scale;
    this.view = { scale, x: at.x - (at.x - this.view.x) * ratio, y: at.y - (at.y - this.view.y) * ratio };
    this.apply();
  }

  #movable() {
    let from = null;
    this.element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || event.target.closest('button, .plan-zoom')) return;
      from = { x: event.clientX - this.view.x, y: event.clientY - this.view.y, moved: false, id: event.pointerId, at: [event.clientX, event.clientY] };
    });
    this.element.addEventListener('pointermove', (event) => {
      if (!from || (!from.moved && Math.hypot(event.clientX - from.at[0], event.clientY - from.at[1]) < 4)) return;
      if (!from.moved) this.element.setPointerCapture(from.id);
      from.moved = true;
      Object.assign(this.view, { x: event.clientX - from.x, y: event.clientY - from.y });
      this.apply();
    });
    const end = () => { from = null; };
    this.element.addEventListener('pointerup', end);
    this.element.addEventListener('pointercancel', end);
    this.element.addEventListener('wheel', (event) => {
      event.preventDefault();
      const box = this.element.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - box.left, y: event.clientY - box.top });
      else {
        this.view.x -= event.shiftKey ? event.deltaY : event.deltaX;
        this.view.y -= event.shiftKey ? 0 : event.deltaY;
        this.apply();
      }
    }, { passive: false });
    this.boxes.addEventListener('focusin', (event) => this.#reveal(event.target.dataset.id));
    this.element.addEventListener('scroll', () => this.element.scrollTo(0, 0)); // the browser's way to show a focus
  }

  #where(id) {
    const box = this.placed?.get(id);
    return box && { x: box.x * this.view.scale + this.view.x, y: box.y * this.view.scale + this.view.y };
  }

  #keep() {
    const now = this.#where(this.keep);
    if (!now) return;
    this.view.x += this.keepAt.x - now.x;
    this.view.y += this.keepAt.y - now.y;
    this.apply();
  }

  #reveal(id) {
    const box = this.placed.get(id);
    if (!box) return;
    const { scale } = this.view;
    const edge = 24;
    const into = (start, length, room) => (start < edge ? edge - start : start + length > room - edge ? room - edge - start - length : 0);
    this.view.x += into(box.x * scale + this.view.x, box.width * scale, this.element.clientWidth);
    this.view.y += into(box.y * scale + this.view.y, box.height * scale, this.element.clientHeight);
    this.plane.classList.toggle('glides', !still());
    this.apply();
    setTimeout(() => this.plane.classList.remove('glides'), 200);
  }

  // ---- the keyboard

  focused() {
    return document.activeElement?.closest?.('.plan-boxes [data-id]')?.dataset.id ?? null;
  }

  #focus(id, reveal = true) {
    const element = [...this.boxes.children].find((one) => one.dataset.id === id);
    element?.focus({ preventScroll: true });
    if (element && reveal) this.#reveal(id);
  }

  step(key) {
    if (!this.seen?.nodes.length) return false;
    const here = this.focused();
    if (!here) {
      this.#focus(this.seen.standsFor.get(this.read.critical[0]) ?? this.seen.nodes[0].id);
      return true;
    }
    const found = this.#beside(here, key);
    if (found) this.#focus(found);
    return true;
  }

  /** Along an edge if there is one that way, else the nearest box. */
  #beside(here, key) {
    const middle = (id) => {
      const box = this.placed.get(id);
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };
    const me = middle(here);
    const across = key === 'ArrowLeft' || key === 'ArrowRight';
    const sign = key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 1;
    const tied = new Set(this.seen.edges.filter(([from, to]) => (key === 'ArrowRight' ? from : to) === here).map(([from, to]) => (key === 'ArrowRight' ? to : from)));
    const scored = this.seen.nodes.filter(({ id }) => id !== here).map(({ id }) => {
      const it = middle(id);
      const along = (across ? it.x - me.x : it.y - me.y) * sign;
      const aside = Math.abs(across ? it.y - me.y : it.x - me.x);
      return { id, along, score: along + aside * 2.5 - (across && tied.has(id) ? 1e6 : 0) };
    }).filter(({ along }) => along > 4);
    return scored.sort((one, other) => one.score - other.score)[0]?.id ?? null;
  }

  stop() {
    this.worker.terminate();
  }
}

/** The one script that the page starts by itself; its policy's name stands in the server's Content-Security-Policy. */
function trusted(url) {
  trusted.policy ??= globalThis.trustedTypes?.createPolicy('plan-layout', { createScriptURL: String });
  return trusted.policy?.createScriptURL(url.href) ?? url;
}

const place = ({ x, y, width, height }) => ({ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });

/** A line that leaves and arrives level; one that goes back, as in a cycle, does so in an arc. */
function curve([from, to]) {
  const bend = Math.max(32, Math.min(120, Math.abs(to.x - from.x) / 2));
  return `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
}

/** The steps of the critical path between two boxes: `from\u0001to`. */
function steps(chain) {
  return new Set(chain.slice(1).map((to, at) => [chain[at], to]).filter(([from, to]) => from && to && from !== to).map((pair) => pair.join('\u0001')));
}
