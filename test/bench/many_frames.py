#!/usr/bin/env python3
"""many_frames.py FILE FRAMES: to a database of test/browser/many_runs.py a second trial of everything (so two jobs a run) and FRAMES rows of
frames: what 10,000 runs of a long experiment leave behind. Roll-ups and frames do not agree: for figures of time and plans only."""
import sqlite3, sys

db = sqlite3.connect(sys.argv[1])
frames = int(sys.argv[2])


def copy(table, change, where=""):
    """Rows again with some columns changed: {column: SQL}."""
    columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})")]
    names = [c for c in columns if c != "id"] if "id" not in change else columns
    db.execute(f"INSERT INTO {table}({','.join(names)}) SELECT {','.join(change.get(c, c) for c in names)} FROM {table} {where}")


n = db.execute("SELECT max(id) FROM job").fetchone()[0]
m = db.execute("SELECT max(id) FROM attempt").fetchone()[0]
copy("job", {"id": f"id+{n}", "trial": "2", "folder": "folder||'/2'"}, f"WHERE run>0 AND id<={n}")
copy("attempt", {"id": f"id+{m}", "job": f"job+{n}", "name": "name||'-2'"}, f"WHERE id<={m}")
for table in ("roll", "roll_minute", "roll_hist", "roll_change", "writer"):
    change = {"attempt": f"attempt+{m}"}
    if table == "roll_change":
        change["job"] = f"job+{n}"
    copy(table, change, f"WHERE attempt<={m}")
jobs = [r[0] for r in db.execute("SELECT id FROM job WHERE run>0 ORDER BY id")]
each = frames // len(jobs)
columns = [(c[1], c[2]) for c in db.execute("PRAGMA table_info(frame)") if c[3]]
empty = {"INTEGER": 0, "REAL": 0.0, "TEXT": "", "BLOB": bytes(36)}
names = [c for c, _ in columns]
place = {c: i for i, c in enumerate(names)}
row = [empty[kind] for _, kind in columns]


def rows():
    for job in jobs:
        for i in range(each):
            r = list(row)
            r[place["job"]], r[place["source"]], r[place["frame"]], r[place["attempt"]] = job, 1, i, job
            r[place["outcome"]], r[place["n_strong"]] = (5 if i % 9 == 0 else 1), i % 200
            yield r


db.executemany(f"INSERT INTO frame({','.join(names)}) VALUES({','.join('?' * len(names))})", rows())
db.commit()
db.execute("ANALYZE") if "--analyze" in sys.argv else None
