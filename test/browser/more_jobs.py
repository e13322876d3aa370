#!/usr/bin/env python3
"""more_jobs DATABASE N: N more runs with a job each, older than the one that is there, whose files are copies of its own; in the newest of
all jobs the third panel counts a quarter less than in these."""
import json, os, shutil, sqlite3, sys

db, n = sys.argv[1], int(sys.argv[2])
c = sqlite3.connect(db, 60)


def row(table, where):
    cur = c.execute(f"SELECT * FROM {table} WHERE {where}")
    return dict(zip([d[0] for d in cur.description], cur.fetchone()))


def put(table, values):
    return c.execute(f"INSERT INTO {table} ({','.join(values)}) VALUES ({','.join('?' * len(values))})", list(values.values())).lastrowid


job = row("job", "id=1")
run = row("run", f"id={job['run']}")
base = job["folder"]
powder = json.load(open(base + "/powder.json"))
for k in range(n):
    new = dict(run, num=None, name=f"before{k}", path=b"/none/%d" % k, path_hash=b"%020d" % k, ord=k - n)
    del new["id"]
    folder = f"{os.path.dirname(db)}/before{k}"
    os.mkdir(folder)
    older = dict(job, run=put("run", new), folder=folder)
    if k < n - 1:
        del older["id"]
    else:                                  # the one that is there becomes the newest
        older["id"], moved = 1, dict(job)
        del moved["id"]
        c.execute("UPDATE job SET run=-1 WHERE id=1")
        newest = put("job", moved)
        c.execute("DELETE FROM job WHERE id=1")
    put("job", older)
    change = json.loads(json.dumps(powder))
    for i, p in enumerate(change["panels"]):
        p["mean"] *= (1.33 if i == 2 else 1) * (1 + 0.002 * ((7 * k + 3 * i) % 5 - 2)) * (1 + 0.2 * k)
        p["hot"] = k
    json.dump(change, open(folder + "/powder.json", "w"))
    shutil.copy(base + "/residuals.json", folder)
for j in (powder["panels"]):
    j["hot"] = n
json.dump(powder, open(base + "/powder.json", "w"))
c.commit()
