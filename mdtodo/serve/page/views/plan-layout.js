// Where the boxes of the plan stand: dagre says in which column each is and in which order, and every section is a band
// of its own across the columns, so that no frame lies over another. Runs as a worker: a big plan does not hold up the
// page.

import { Graph, layout } from '../vendor/dagre/dagre.esm.js';

const SPACE = { column: 64, row: 14, band: 16, margin: 32 };
const FRAME = { side: 12, top: 24, bottom: 12 }; // between a frame and what is in it
const LOOSE = 4; // boxes beside each other that nothing connects, at least
const MANY = 300; // boxes, from which on a quicker way is good enough

/** `{ nodes: [{ id, width, height, group }], edges: [[from, to]], groups: [{ id, parent }], kept: ["from\u0001to"] }`
    to places. Of edges that follow from others only those of `kept` are drawn. */
export function place({ nodes, edges, groups, kept = [] }) {
  const drawn = reduced(edges, new Set(kept));
  const ranks = columns(nodes, drawn);
  const boxes = new Map();
  const frames = new Map();
  const inside = (id) => ({ own: nodes.filter((node) => (node.group ?? null) === id), under: groups.filter((group) => (group.parent ?? null) === id) });
  const depth = groups.some(({ parent }) => parent) ? 2 : groups.length ? 1 : 0;
  const left = SPACE.margin + depth * FRAME.side;

  function band(id, top) {
    const { own, under } = inside(id);
    let bottom = own.length ? stack(own, drawn, ranks, boxes, { left, top }) : top;
    for (const group of under) {
      const start = bottom === top ? top : bottom + SPACE.band;
      bottom = frame(group.id, start);
    }
    return bottom;
  }

  function frame(id, top) {
    const bottom = band(id, top + FRAME.top) + FRAME.bottom;
    frames.set(id, around(id, top, bottom));
    return bottom;
  }

  /** As wide as what is in it. */
  function around(id, top, bottom) {
    const { own, under } = inside(id);
    const within = [...own.map((node) => boxes.get(node.id)), ...under.map((group) => frames.get(group.id))];
    const from = Math.min(...within.map((one) => one.x)) - FRAME.side;
    const to = Math.max(...within.map((one) => one.x + one.width)) + FRAME.side;
    return { x: from, y: top, width: to - from, height: bottom - top };
  }

  const bottom = band(null, SPACE.margin);
  const right = Math.max(0, ...[...boxes.values(), ...frames.values()].map((one) => one.x + one.width));
  return {
    width: right + SPACE.margin, height: bottom + SPACE.margin, nodes: [...boxes], groups: [...frames].reverse(),
    edges: drawn.map(([from, to]) => ({ from, to, points: line(boxes.get(from), boxes.get(to)) })),
  };
}

/** Without the edges that a longer way between the same two says already: they would only run behind its boxes. */
function reduced(edges, kept) {
  const after = new Map();
  for (const [from, to] of edges) after.set(from, [...(after.get(from) ?? []), to]);
  const reaches = (start, end) => {
    const seen = new Set([start]);
    const todo = (after.get(start) ?? []).filter((one) => one !== end);
    while (todo.length) {
      const one = todo.pop();
      if (one === end) return true;
      if (seen.has(one)) continue;
      seen.add(one);
      todo.push(...(after.get(one) ?? []));
    }
    return false;
  };
  return edges.filter(([from, to]) => kept.has(`${from}\u0001${to}`) || reaches(to, from) || !reaches(from, to));
}

/** Box id -> `{ rank, order }` of those that an edge connects. */
function columns(nodes, edges) {
  const graph = new Graph();
  const tied = new Set(edges.flat());
  graph.setGraph({ rankdir: 'LR', ranker: tied.size > MANY ? 'longest-path' : 'network-simplex' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) if (tied.has(id)) graph.setNode(id, { width, height });
  for (const [from, to] of edges) graph.setEdge(from, to);
  if (tied.size) layout(graph);
  const places = [...tied].map((id) => [id, graph.node(id)]);
  const marks = [...new Set(places.map(([, { x }]) => Math.round(x)))].sort((one, other) => one - other);
  return new Map(places.map(([id, { x, y }]) => [id, { rank: marks.indexOf(Math.round(x)), order: y }]));
}

/** Put the boxes of one band into their columns, each as near to the height of what it waits for as there is room; and
    below them, line by line, those that nothing connects. Gives where the band ends. */
function stack(own, edges, ranks, boxes, { left, top }) {
  const x = (rank) => left + rank * (own[0].width + SPACE.column);
  const before = new Map();
  for (const [from, to] of edges) before.set(to, [...(before.get(to) ?? []), from]);
  const tied = own.filter(({ id }) => ranks.has(id)).sort((one, other) => ranks.get(one.id).rank - ranks.get(other.id).rank || ranks.get(one.id).order - ranks.get(other.id).order);
  const here = new Set(tied.map(({ id }) => id));
  const free = new Map(); // column -> where its next box may stand
  let bottom = top;
  for (const { id, width, height } of tied) {
    const { rank } = ranks.get(id);
    const wanted = (before.get(id) ?? []).filter((one) => here.has(one) && boxes.has(one)).map((one) => boxes.get(one).y);
    const y = Math.max(free.get(rank) ?? top, wanted.length ? wanted.reduce((sum, one) => sum + one, 0) / wanted.length : top);
    boxes.set(id, { x: x(rank), y, width, height });
    free.set(rank, y + height + SPACE.row);
    bottom = Math.max(bottom, y + height);
  }
  const loose = own.filter(({ id }) => !ranks.has(id));
  const length = Math.max(LOOSE, Math.ceil(Math.sqrt(loose.length)));
  const start = tied.length ? bottom + SPACE.row : top;
  loose.forEach(({ id, width, height }, at) => {
    const y = start + Math.floor(at / length) * (height + SPACE.row);
    boxes.set(id, { x: x(at % length), y, width, height });
    bottom = Math.max(bottom, y + height);
  });
  return bottom;
}

/** From the middle of the right side to the middle of the left one. */
function line(from, to) {
  return [{ x: from.x + from.width, y: from.y + from.height / 2 }, { x: to.x, y: to.y + to.height / 2 }];
}

if (typeof WorkerGlobalScope !== 'undefined' && self instanceof WorkerGlobalScope) {
  addEventListener('message', ({ data }) => postMessage({ turn: data.turn, placed: place(data) }));
}
