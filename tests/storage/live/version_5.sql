BEGIN TRANSACTION;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "counters" VALUES('token',1796003817);
CREATE TABLE lane_slots (token INTEGER PRIMARY KEY, lane TEXT NOT NULL);
INSERT INTO "lane_slots" VALUES(1796003817,'medium');
CREATE TABLE leases (
  task_id TEXT PRIMARY KEY, token INTEGER NOT NULL, worker TEXT NOT NULL, owner TEXT NOT NULL,
  ttl REAL NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
INSERT INTO "leases" VALUES('d',1796003814,'alice','',9e999,9e999);
INSERT INTO "leases" VALUES('e',1796003816,'vm-25733','1009cac5-25733-4798666',300.0,48287.045466804);
INSERT INTO "leases" VALUES('f',1796003817,'vm-25733','1009cac5-25733-4798666',300.0,48287.045466804);
CREATE TABLE receipts (
  number INTEGER PRIMARY KEY, result INTEGER NOT NULL UNIQUE, receipt TEXT NOT NULL, commit_id TEXT, base_id TEXT
);
INSERT INTO "receipts" VALUES(1,1,'{"task_id":"a","title":"a","outcome":"done","processor":"ok","exit_code":0,"seconds":9.1e-05,"attempt":1,"edits":[{"anchor":["TODO.md","a","86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",0,"a","","run:ok\n","","b",true,false,false,0,"",[]],"expects":["doing","todo"],"set_status":"done"}],"held":[],"tree":"f7a35c228668","began":1796003811.1374729,"outputs":[]}','162460f8245dbc6a90884872a12f7c6d1073ef1c','cce15a2657e3020aafc9250207da6639bd36e046');
INSERT INTO "receipts" VALUES(2,2,'{"task_id":"b","title":"b","outcome":"failed","processor":"bad","exit_code":3,"seconds":0.000119,"attempt":1,"edits":[{"anchor":["TODO.md","b","e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98",0,"b","","run:bad\n","a","c",true,false,false,0,"",[]],"value":"1","set_key":"failed"}],"tree":"f7a35c228668","reason":"exit","began":1796003811.1618223,"outputs":[]}','162460f8245dbc6a90884872a12f7c6d1073ef1c','cce15a2657e3020aafc9250207da6639bd36e046');
INSERT INTO "receipts" VALUES(3,3,'{"task_id":"c","title":"c","outcome":"done","processor":"ok","exit_code":0,"seconds":0.000134,"attempt":1,"edits":[{"anchor":["TODO.md","c","84a516841ba77a5b4648de2cd0dfcb30ea46dbb4",0,"c","","run:ok\n","b","d",true,false,false,0,"",[]],"expects":["doing","todo"],"set_status":"done"}],"held":[],"tree":"e5486e1e9aab","began":1796003813.883379,"outputs":[]}','fd8000e4cfee5d876d5ca29a9ab79154a33c38a5','dd4cd0ca66b11f6273cc4da2c5c83229356995e9');
CREATE TABLE reservations (token INTEGER PRIMARY KEY);
CREATE TABLE results (
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, task_id TEXT NOT NULL, attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL, processor TEXT NOT NULL, exit_code INTEGER, seconds REAL NOT NULL,
  finished REAL NOT NULL, log TEXT, metrics TEXT, receipt TEXT, landed REAL, commit_id TEXT,
  inputs TEXT
);
INSERT INTO "results" VALUES(1,'20261130T015651-bdc474','a',1,'done','ok',0,9.1e-05,1.79600381134579825401e+09,NULL,'{}',NULL,1.79600381144196915629e+09,'162460f8245dbc6a90884872a12f7c6d1073ef1c',NULL);
INSERT INTO "results" VALUES(2,'20261130T015651-bdc474','b',1,'failed','bad',3,0.000119,1.79600381134604597088e+09,NULL,'{}',NULL,1.79600381144196939468e+09,'162460f8245dbc6a90884872a12f7c6d1073ef1c',NULL);
INSERT INTO "results" VALUES(3,'20261130T015653-b778d4','c',1,'done','ok',0,0.000134,1.79600381404700207713e+09,NULL,'{}',NULL,1.79600381412156200411e+09,'fd8000e4cfee5d876d5ca29a9ab79154a33c38a5',NULL);
INSERT INTO "results" VALUES(4,'20261130T015703-b01f50','e',1,'done','ok',0,0.000124,1.79600382322767591477e+09,NULL,'{}','{"task_id":"e","title":"e","outcome":"done","processor":"ok","exit_code":0,"seconds":0.000124,"attempt":1,"edits":[{"anchor":["TODO.md","e","58e6b3a414a1e090dfc6029add0f3555ccba127f",0,"e","","run:ok\n","d","f",true,false,false,0,"",[]],"expects":["doing","todo"],"set_status":"done"}],"held":[],"tree":"c15210df1d2d","began":1796003823.11425,"outputs":[]}',NULL,NULL,NULL);
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, worker TEXT NOT NULL, owner TEXT NOT NULL, started REAL NOT NULL, finished REAL,
  summary TEXT
) WITHOUT ROWID;
INSERT INTO "runs" VALUES('20261130T015651-bdc474','vm-24168','1009cac5-24168-4797382',1.79600381104656481746e+09,1.79600381145278549196e+09,'{"commit": "run", "place": ["/repository/.git", "refs/heads/main", "cce15a2657e3020aafc9250207da6639bd36e046"], "jobs": 2}');
INSERT INTO "runs" VALUES('20261130T015653-b778d4','vm-24548','1009cac5-24548-4797700',1.79600381377093291281e+09,1.79600381412803387646e+09,'{"commit": "run", "place": ["/repository/.git", "refs/heads/main", "dd4cd0ca66b11f6273cc4da2c5c83229356995e9"], "jobs": 2}');
INSERT INTO "runs" VALUES('20261130T015703-b01f50','vm-25733','1009cac5-25733-4798666',1.79600382305791330338e+09,NULL,'{"commit": "run", "place": ["/repository/.git", "refs/heads/main", "3b4f13375b0c1cf10dff20327ea8fbe9d59c25eb"], "jobs": 2}');
CREATE UNIQUE INDEX leases_by_token ON leases (token);
CREATE INDEX results_by_task ON results (task_id, id);
CREATE INDEX results_unlanded ON results (id) WHERE receipt IS NOT NULL AND landed IS NULL;
COMMIT;
PRAGMA user_version = 5;
