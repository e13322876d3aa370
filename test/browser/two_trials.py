#!/usr/bin/env python3
"""two_trials.py FILE: to a database of many_runs.py, a second trial that has worked on the newest 30 runs and indexes more, with the
frames of both; a rungroup; a crystal form that begins in the middle of the runs; tasks for datasets."""
import os, random, sqlite3, sys, time

db = sqlite3.connect(sys.argv[1], 60)
random.seed(9)
EMPTY = {"INTEGER": 0, "REAL": 0.0, "TEXT": "", "BLOB": b""}


def columns_of(table):
    return [(c[1], c[2], c[3]) for c in db.execute(f"PRAGMA table_info({table})")]


def insert(table, **values):
    row = {name: EMPTY[kind] for name, kind, needed in columns_of(table) if needed and name != "id"}
    row.update(values)
    return db.execute(f"INSERT INTO {table}({','.join(row)}) VALUES({','.join('?' * len(row))})", list(row.values())).lastrowid


def copy(table, where, **changes):
    """The rows with other values; of a table with an id, other ids."""
    names = [c[0] for c in columns_of(table) if c[0] != "id"]
    last = None
    for row in db.execute(f"SELECT {','.join(names)} FROM {table} WHERE {where}").fetchall():
        values = {**dict(zip(names, row)), **changes}
        last = db.execute(f"INSERT INTO {table}({','.join(names)}) VALUES({','.join('?' * len(names))})", [values[n] for n in names]).lastrowid
    return last


group = insert("rungroup", first_ord=1, active=1, created=time.time_ns(), who="ann", body="detector at 150 mm", phil="")
for trial in (1, 2):
    insert("trial_rungroup", trial=trial, rungroup=group, active=1)
db.execute("UPDATE trial SET used=1, body='extended threshold' WHERE num=2")
jobs = db.execute("SELECT j.id, a.id, j.run FROM job j JOIN attempt a ON a.job=j.id WHERE j.trial=1 AND j.run IS NOT NULL ORDER BY j.id DESC LIMIT 30").fetchall()
for job, attempt, run in jobs:
    n, hits, indexed = db.execute("SELECT frames,hit_not_indexed+integrated,integrated FROM roll WHERE attempt=?", [attempt]).fetchone()
    other = copy("job", f"id={job}", trial=2, folder=f"/results/t2/{job}", state=1)
    again = copy("attempt", f"id={attempt}", job=other, name=f"xf-{other}", live=None, state=9)
    more = 0
    for k in range(n):
        first = 5 if k < indexed else 3 if k < hits else 1
        second = 5 if first == 5 and random.random() > .02 or first == 3 and random.random() < .25 else 3 if first != 1 else 1
        more += (second == 5) - (first == 5)
        for of, by, outcome in ((job, attempt, first), (other, again, second)):
            insert("frame", job=of, frame=k, attempt=by, outcome=outcome, n_strong=30 if outcome > 1 else 3, stages=bytes(32), t_done=k)
    copy("roll", f"attempt={attempt}", attempt=again, integrated=indexed + more, hit_not_indexed=hits - indexed - more, lattices=indexed + more, frames=n, blank=n - hits)
    copy("roll_hist", f"attempt={attempt}", attempt=again)
    copy("roll_sample", f"attempt={attempt}", attempt=again)
# the second form is there in the newest half of the runs with cells alone
attempts = [a for a, in db.execute("SELECT DISTINCT attempt FROM roll_sample ORDER BY attempt")]
for attempt in attempts[:len(attempts) // 2]:
    db.execute("DELETE FROM roll_sample WHERE attempt=? AND a>79.6", [attempt])
for name in ("scale", "merge"):
    task = insert("task", name=name, kind={"scale": "scaling", "merge": "merging"}[name])
    insert("task_rev", task=task, rev=1, created=time.time_ns(), who="ann")
db.commit()
