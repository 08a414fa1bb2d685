BEGIN TRANSACTION;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "counters" VALUES('subtasks',1);
INSERT INTO "counters" VALUES('token',1795992574);
CREATE TABLE leases (
  task_id TEXT PRIMARY KEY, token INTEGER NOT NULL, worker TEXT NOT NULL, owner TEXT NOT NULL,
  ttl REAL NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE receipts (
  number INTEGER PRIMARY KEY, result INTEGER NOT NULL UNIQUE, receipt TEXT NOT NULL, commit_id TEXT, base_id TEXT
);
CREATE TABLE results (
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, task_id TEXT NOT NULL, attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL, processor TEXT NOT NULL, exit_code INTEGER, seconds REAL NOT NULL,
  finished REAL NOT NULL, log TEXT, metrics TEXT, receipt TEXT, landed REAL, commit_id TEXT,
  inputs TEXT
);
INSERT INTO "results" VALUES(1,'20261129T224930-11c241','d4fd0a2',1,'done','measure',0,0.001034,1.79599257054436516759e+09,NULL,'{"coverage": 0.875}','{"task_id": "d4fd0a2", "title": "Measure", "outcome": "done", "processor": "measure", "exit_code": 0, "seconds": 0.001034, "attempt": 1, "edits": [{"set_status": "done", "expects": ["doing", "todo"], "anchor": ["TODO.md", null, "d4fd0a232ee5c998e8392a526fe61ebecb52fc64", 0, "Measure", "Release", "run:measure\n", "", "Split", true, false, false, 0, "", []]}, {"add_note": "seven of eight", "anchor": ["TODO.md", null, "d4fd0a232ee5c998e8392a526fe61ebecb52fc64", 0, "Measure", "Release", "run:measure\n", "", "Split", true, false, false, 0, "", []]}], "outputs": [], "held": [], "tree": "dc06006d87e0", "metrics": {"coverage": 0.875}, "began": 1795992570.5245159}',NULL,NULL,NULL);
INSERT INTO "results" VALUES(2,'20261129T224930-11c241','fc8230b',1,'blocked','split',0,0.0008,1.79599257055781126026e+09,NULL,'{}','{"task_id": "fc8230b", "title": "Split", "outcome": "blocked", "processor": "split", "exit_code": 0, "seconds": 0.0008, "attempt": 1, "edits": [{"add_subtasks": ["- [ ] first half"], "anchor": ["TODO.md", null, "fc8230b4119ad4b994db2324d71f4e0ae7ad932c", 0, "Split", "Release", "run:split\n", "Measure", "Same", true, false, false, 0, "", []]}], "outputs": [], "tree": "dc06006d87e0", "began": 1795992570.5504878}',NULL,NULL,NULL);
INSERT INTO "results" VALUES(3,'20261129T224930-11c241','3ad465c',1,'failed','broken',3,5.3e-05,1.79599257058360242842e+09,NULL,'{}','{"task_id": "3ad465c", "title": "Broken", "outcome": "failed", "processor": "broken", "exit_code": 3, "seconds": 5.3e-05, "attempt": 1, "edits": [{"set_key": "failed", "value": "1", "anchor": ["TODO.md", null, "3ad465ce2b95e12d99a952e32f362efb30359093", 0, "Broken", "Release", "run:broken\n", "Same", "Write docs", true, false, false, 0, "", []]}], "outputs": [], "tree": "dc06006d87e0", "reason": "exit", "began": 1795992570.5506926}',NULL,NULL,NULL);
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, worker TEXT NOT NULL, owner TEXT NOT NULL, started REAL NOT NULL, finished REAL,
  summary TEXT
) WITHOUT ROWID;
INSERT INTO "runs" VALUES('20261129T224930-11c241','runner-27291','1009cac5-27291-3673403',1.79599257046690344808e+09,NULL,'{"commit": "run", "place": ["/srv/plan/.git", "refs/heads/main", "ffffffffffffffffffffffffffffffffffffffff"], "jobs": 1}');
CREATE UNIQUE INDEX leases_by_token ON leases (token);
CREATE INDEX results_by_task ON results (task_id, id);
CREATE INDEX results_unlanded ON results (id) WHERE receipt IS NOT NULL AND landed IS NULL;
COMMIT;
PRAGMA user_version = 3;
