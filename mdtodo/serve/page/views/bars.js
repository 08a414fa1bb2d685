// The tasks of a run as bars of a timeline.

const ms = (iso) => (iso ? Date.parse(iso) : null);

/** `{ key, id, title, lane, worker, outcome, from, to, tries, ... }` of each task that the run has begun: as the server
    tells of the run, else of its receipts and of what is in hand. `known` are the tasks as they are now. */
export function barsOf(run, known, { run: told, receipts, running }) {
  const mine = (one) => one.run === run.id && (one.project ?? run.project) === run.project;
  const tasks = new Map();
  for (const one of receipts) if (mine(one) && one.attempt > 0) tasks.set(one.task, { ...one, id: one.task, attempts: one.attempt });
  for (const one of told?.tasks ?? []) tasks.set(one.id, { ...tasks.get(one.id), ...withStart(one, tasks.get(one.id)) });
  for (const one of running) if (mine(one)) tasks.set(one.id, { ...tasks.get(one.id), ...one, outcome: null, started: one.since, finished: null, attempts: one.attempt });
  return [...tasks.values()].filter((one) => one.started).map((one) => bar(one, run, known.get(`${run.project ?? ''}/${one.id}`)));
}

/** Where only its end and its length are known, it began that long before. */
function withStart(one, receipt) {
  const started = one.started ?? receipt?.started;
  if (started || !one.finished || !one.attempts) return { ...one, started };
  return { ...one, started: new Date(Date.parse(one.finished) - 1000 * (one.duration ?? 0)).toISOString() };
}

function bar(one, run, now) {
  return {
    key: one.id, id: one.id, project: run.project,
    title: one.title ?? now?.title ?? one.id,
    lane: one.lane ?? now?.lane ?? 'no lane now',
    worker: one.worker ?? run.worker ?? 'unknown',
    processor: one.processor,
    outcome: one.outcome ?? null,
    reason: one.error ?? one.reason ?? null,
    attempts: Number(one.attempts ?? 1),
    progress: one.progress ?? null,
    phase: one.phase ?? null,
    from: ms(one.started),
    to: ms(one.finished),
    tries: (one.tries ?? []).map((attempt) => ({ ...attempt, from: ms(attempt.started), to: ms(attempt.finished) })),
  };
}
