// Where the boxes of the plan stand. Runs as a worker, so that a big plan does not hold up the page.

import { Graph, layout } from '../vendor/dagre/dagre.esm.js';

const ROW = 3; // boxes beside each other that nothing connects
const MANY = 300; // boxes, from which on a quicker way is good enough
const FRAME = { side: 12, top: 22, bottom: 10 }; // between a frame and what is in it

/** `{ nodes: [{ id, width, height, group }], edges: [[from, to]], groups: [{ id, parent }] }` to places. */
export function place({ nodes, edges, groups }) {
  const graph = new Graph({ compound: true, multigraph: false });
  graph.setGraph({ rankdir: 'LR', nodesep: groups.some(({ parent }) => parent) ? 30 : 22, ranksep: 60, edgesep: 10, marginx: 40, marginy: 56, ranker: nodes.length > MANY ? 'tight-tree' : 'network-simplex' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of groups) graph.setNode(id, {});
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  for (const { id, parent } of groups) if (parent) graph.setParent(id, parent);
  for (const { id, group } of nodes) if (group) graph.setParent(id, group);
  for (const [from, to] of edges) graph.setEdge(from, to, { weight: 2 });
  rows(graph, nodes);
  layout(graph);
  const box = (id) => {
    const { x, y, width, height } = graph.node(id);
    return [id, { x: x - width / 2, y: y - height / 2, width, height }];
  };
  const boxes = new Map(nodes.map(({ id }) => box(id)));
  return {
    width: graph.graph().width,
    height: graph.graph().height,
    nodes: [...boxes],
    groups: frames(groups, nodes, boxes),
    edges: edges.map(([from, to]) => line(boxes.get(from), graph.edge(from, to).points, boxes.get(to))),
  };
}

/** Around what is in each group, the innermost first; with room for its name above. */
function frames(groups, nodes, boxes) {
  const found = new Map();
  const depth = (id) => {
    const { parent } = groups.find((one) => one.id === id);
    return parent ? 1 + depth(parent) : 0;
  };
  for (const { id } of [...groups].sort((one, other) => depth(other.id) - depth(one.id))) {
    const inside = [...nodes.filter((node) => node.group === id).map((node) => boxes.get(node.id)), ...groups.filter((group) => group.parent === id).map((group) => found.get(group.id))];
    const left = Math.min(...inside.map((one) => one.x)) - FRAME.side;
    const top = Math.min(...inside.map((one) => one.y)) - FRAME.top;
    const right = Math.max(...inside.map((one) => one.x + one.width)) + FRAME.side;
    const bottom = Math.max(...inside.map((one) => one.y + one.height)) + FRAME.bottom;
    found.set(id, { x: left, y: top, width: right - left, height: bottom - top });
  }
  return [...found].reverse();
}

/** From the middle of the right side to the middle of the left one. */
function line(from, points, to) {
  const ends = [{ x: from.x + from.width, y: from.y + from.height / 2 }, { x: to.x, y: to.y + to.height / 2 }];
  const between = points.slice(1, -1).filter((point) => point.x > ends[0].x + 8 && point.x < ends[1].x - 8);
  return [ends[0], ...(points.length > 3 ? between : []), ends[1]];
}

/** What nothing connects would stand in one long column: side by side instead, a few in a row. */
function rows(graph, nodes) {
  const loose = new Map();
  for (const { id, group } of nodes) {
    if (graph.nodeEdges(id).length === 0) loose.set(group, [...(loose.get(group) ?? []), id]);
  }
  for (const ids of loose.values()) {
    const length = Math.max(ROW, Math.ceil(Math.sqrt(ids.length)));
    ids.forEach((id, at) => { if (at % length) graph.setEdge(ids[at - 1], id, { weight: 0, minlen: 1 }); });
  }
}

if (typeof WorkerGlobalScope !== 'undefined' && self instanceof WorkerGlobalScope) {
  addEventListener('message', ({ data }) => postMessage({ turn: data.turn, placed: place(data) }));
}
