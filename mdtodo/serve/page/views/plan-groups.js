// Files and sections of a plan, some of them folded into one box, and what is to be drawn then.

const AT_MOST = 120; // boxes at the beginning
export const BOX = { width: 216, height: 46 };
const FOLDED = { width: 216, height: 46 };

export const keyOf = (task) => `${task.project ?? ''}/${task.id}`;

/** One plan of a repository, or of each of several. */
export const plansOf = (said) => said.projects ?? [{ project: said.project ?? said.tasks[0]?.project, ...said }];

/** The plan's tasks by key, their edges as keys from what is waited for to what waits, and the groups that they are in. */
export function read(plans, passes) {
  const tasks = new Map();
  const edges = [];
  const critical = [];
  for (const plan of plans) {
    const key = (id) => `${plan.project ?? ''}/${id}`;
    for (const task of plan.tasks) if (passes(task)) tasks.set(keyOf({ project: plan.project, ...task }), { project: plan.project, ...task });
    for (const [waiting, waited] of plan.edges) edges.push([key(waited), key(waiting)]);
    critical.push(...plan.critical_path.map(key));
  }
  return { tasks, edges: edges.filter(([from, to]) => tasks.has(from) && tasks.has(to)), critical, groups: groupsOf(tasks) };
}

/** Group id -> `{ id, parent, label, tasks }`: a file, where there are several, and in it the sections. */
function groupsOf(tasks) {
  const groups = new Map();
  const files = new Set([...tasks.values()].map((task) => `${task.project ?? ''}/${task.file}`));
  const add = (id, parent, label, key) => {
    if (!groups.has(id)) groups.set(id, { id, parent, label, tasks: [] });
    groups.get(id).tasks.push(key);
    return id;
  };
  for (const [key, task] of tasks) {
    const file = files.size > 1 ? add(`f:${task.project ?? ''}/${task.file}`, null, [task.project, task.file].filter(Boolean).join(' · '), key) : null;
    task.group = add(`s:${task.project ?? ''}/${task.file}/${task.section.join('\u0000')}`, file, task.section.at(-1) ?? 'Without a heading', key);
  }
  return groups;
}

/** The groups that are folded to begin with: none of a small plan; of a big one all but those on the critical path. */
export function foldedFirst({ tasks, critical, groups }) {
  if (tasks.size <= AT_MOST) return new Set();
  const folded = new Set([...groups.values()].filter((group) => group.id.startsWith('s:')).map((group) => group.id));
  let shown = folded.size;
  for (const key of critical) {
    const id = tasks.get(key)?.group;
    if (!id || !folded.has(id) || shown + groups.get(id).tasks.length > AT_MOST) continue;
    shown += groups.get(id).tasks.length;
    folded.delete(id);
  }
  return folded;
}

/** Whether so many boxes would be drawn that nobody finds anything: as when a filter goes that had let few through. */
export const isCrowded = (read, folded) => visible(read, folded).nodes.length > 3 * AT_MOST;

/** What is drawn: boxes, the edges between them, and the frames around them. */
export function visible({ tasks, edges, groups }, folded) {
  const standsFor = new Map();
  const isFolded = (id) => {
    for (let one = groups.get(id); one; one = groups.get(one.parent)) if (folded.has(one.id)) return outermost(groups, one.id, folded);
    return null;
  };
  const nodes = [];
  const framed = new Set();
  for (const [key, task] of tasks) {
    const inside = isFolded(task.group);
    standsFor.set(key, inside ?? key);
    if (!inside) {
      nodes.push({ id: key, group: task.group, ...BOX });
      for (let one = groups.get(task.group); one; one = groups.get(one.parent)) framed.add(one.id);
    }
  }
  for (const id of new Set([...standsFor.values()].filter((one) => groups.has(one)))) {
    const { parent } = groups.get(id);
    nodes.push({ id, group: parent, folded: true, ...FOLDED });
    for (let one = groups.get(parent); one; one = groups.get(one.parent)) framed.add(one.id);
  }
  const pairs = new Map();
  for (const [from, to] of edges) {
    const pair = [standsFor.get(from), standsFor.get(to)];
    if (pair[0] !== pair[1]) pairs.set(pair.join('\u0001'), pair);
  }
  return { nodes, edges: [...pairs.values()], groups: [...framed].map((id) => ({ id, parent: framed.has(groups.get(id).parent) ? groups.get(id).parent : null })), standsFor };
}

function outermost(groups, id, folded) {
  let found = id;
  for (let one = groups.get(id); one; one = groups.get(one.parent)) if (folded.has(one.id)) found = one.id;
  return found;
}
