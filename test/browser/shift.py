#!/usr/bin/env python3
"""shift.py FILE: fill a new SQLite database of xfelx with three hours of beam as roll-ups have them: twelve runs of two trials, a job that
runs, one that failed, datasets with goals. In the newest ten minutes the beam centre has moved by 2 px and indexing has fallen."""
import math, os, random, sqlite3, struct, sys, time

db = sqlite3.connect(sys.argv[1])
EMPTY = {"INTEGER": 0, "REAL": 0.0, "TEXT": "", "BLOB": b""}
SECOND, MINUTE, PER_RUN, RATE = 10**9, 60 * 10**9, 15, 120 * 60


def insert(table, columns={}, **values):
    """A row; columns that must be there and are not given are empty."""
    if table not in columns:
        columns[table] = [(c[1], c[2], c[3]) for c in db.execute(f"PRAGMA table_info({table})")]
    row = {name: EMPTY[kind] for name, kind, needed in columns[table] if needed and name != "id"}
    row.update(values)
    return db.execute(f"INSERT INTO {table}({','.join(row)}) VALUES({','.join('?' * len(row))})", list(row.values())).lastrowid


def minute_of(attempt, minute, jet, share, shift, res):
    """What one minute of beam came to: columns of roll_minute."""
    frames = RATE - random.randrange(60)
    hits = sum(random.random() < jet for _ in range(frames // 10)) * 10
    indexed = int(hits * random.gauss(share, .012))
    several = indexed // 14
    spots_hit, spots_idx, bins = [0] * 16, [0] * 16, [0] * 24
    for n, where, mean in ((hits - indexed, spots_hit, 5.2), (indexed, spots_idx, 6.1)):
        for _ in range(n):
            where[min(15, max(4, int(random.gauss(mean, .9))))] += 1
    s2 = [max(.02, random.gauss(1 / res**2, .045)) for _ in range(indexed)]
    for v in s2:
        bins[min(23, int(v * 24))] += 1
    row = dict(frames=frames, failed=random.randrange(2), hits=hits, indexed=indexed, integrated=indexed - indexed // 60, lattices=indexed + several, multi=several, sat=hits // 90,
               n_res=indexed, sum_s2=sum(s2), dx_sum=(indexed + several) * random.gauss(shift, .03), dy_sum=(indexed + several) * random.gauss(0, .03))
    insert("roll_minute", attempt=attempt, minute=minute, spots_hit=struct.pack(">16I", *spots_hit), spots_idx=struct.pack(">16I", *spots_idx), res_bins=struct.pack(">24I", *bins), **row)
    return row


random.seed(7)
now = time.time_ns()
trials = [insert("trial", num=n, recipe_hash=bytes([n]) * 32, phil="indexing.known_symmetry.space_group = P43212\n", body=text, active=n != 3, used=1, created=now, who="ann")
          for n, text in ((3, "first look"), (4, "refined distance"))]
tags = [insert("tag", name=name) for name in ("dark", "5 ms", "50 ms", "200 ms")]
first = now // MINUTE - 12 * PER_RUN + 1
jobs = []
for i in range(12):
    last, t = i == 11, (first + i * PER_RUN) * MINUTE
    run = insert("run", ord=401 + i, num=401 + i, name=f"r{401 + i:04d}", path=b"/data/%d" % i, path_hash=os.urandom(16), facility="directory", state=1 if last else 3, state_t=t, seen=t,
                 begin_t=t, end_t=None if last else t + (PER_RUN - 1) * MINUTE, n_files=5, n_here=5, bytes=10**11, bytes_here=10**11, n_frames=RATE * PER_RUN, readable=1)
    insert("run_tag", run=run, tag=tags[i % 4], t=t, who="ann")
    for trial in trials:
        new = trial == trials[1]
        if not new and i > 7:
            continue
        job = insert("job", trial=trial, run=run, state=2 if last else 1, state_t=t, n_expected=RATE * PER_RUN, n_tries=1, folder=f"/results/{trial}/{i}", created=t)
        attempt = insert("attempt", job=job, no=1, name=f"xf-{job}", state=6 if last else 9, end_kind=0 if last else 1, live=1 if last else None, scheduler="slurm", start_t=t,
                         end_t=None if last else t + PER_RUN * MINUTE, n_ranks=4, n_threads=16, program="xfelx", host="node7", db_lag=310 * 10**6, n_pending=48 if last else 0)
        rows = []
        for m in range(PER_RUN - (0 if last else 1)):
            bad = new and last and m >= PER_RUN - 10
            rows.append(minute_of(attempt, first + i * PER_RUN + m, .16 + .03 * math.sin(i * 2.1) + random.gauss(0, .006), .24 if bad else .65 if new else .5,
                                  2.1 if bad else 0, 2.3 if bad else 1.9 + .05 * math.sin(i)))
        total = {k: sum(r[k] for r in rows) for k in rows[0]}
        left, reasons = total["hits"] - total["indexed"], [0] * 64
        reasons[2], reasons[11], reasons[12], reasons[16], reasons[17] = total["frames"] - total["hits"] - total["failed"], left * 6 // 10, left * 3 // 10, left // 20, left - left * 6 // 10 - left * 3 // 10 - left // 20
        reasons[22], reasons[44] = total["indexed"] - total["integrated"], total["failed"]
        end = now - SECOND // 2 if last else t + PER_RUN * MINUTE
        insert("roll", attempt=attempt, frames=total["frames"], blank=reasons[2], hit_not_indexed=left, indexed_not_integrated=reasons[22], integrated=total["integrated"],
               failed=total["failed"], lattices=total["lattices"], multi=total["multi"], t_first=t, t_last=end, t_frame=end, reasons=struct.pack(">64I", *reasons))
        for kind, ms in enumerate((1.9, 3.1, .4, .1, 0, 11.2, 4.6, 2.2, 6.8)):
            insert("roll_hist", attempt=attempt, kind=20 + kind, n=total["frames"], total=total["frames"] * ms * 10, peak=900, bins=bytes(96))
        insert("roll_hist", attempt=attempt, kind=7, n=total["n_res"], total=total["sum_s2"], bins=bytes(400))
        insert("roll_change", attempt=attempt, job=job, updated=end, pos=1)
        insert("writer", attempt=attempt, writer=0, host="node7")
        db.execute("UPDATE job SET n_final=?, n_lattices=? WHERE id=?", (total["frames"], total["lattices"], job))
        jobs.append(job)
failed = insert("job", trial=trials[1], run=7, rungroup=2, state=5, state_t=now - 40 * MINUTE, n_expected=60000, n_tries=3, folder="/results/f", created=now)
insert("attempt", job=failed, no=3, name="xf-f", state=9, end_kind=4, scheduler="slurm", reason="stopped at the time limit, three times", start_t=now, end_t=now, n_ranks=4, n_threads=16, program="xfelx", host="node7")
insert("job", trial=trials[1], run=12, rungroup=3, state=3, state_t=now, n_expected=108000, folder="/results/q", created=now)
insert("event", t=now - 40 * MINUTE, kind="job_failed", level=3, job=failed, run=7, body="stopped at the time limit, three times: 29112 of 60000 frames are done and counted")
insert("audit", t=now - 9 * MINUTE, who="ann", via=1, verb="group.edit", target="group 5", was="", becomes="")
for name, tag, goal in (("dark", 0, 60000), ("5 ms", 1, 45000), ("50 ms", 2, 90000), ("200 ms", 3, 4000000)):
    insert("dataset_tag", dataset=insert("dataset", name=name, op=1, active=1, goal=str(goal)), tag=tags[tag])
insert("alarm", kind="jet", since=now - 100 * MINUTE, until=now - 93 * MINUTE, body="3.1 % hits in the last 2 minutes, 16.2 % is usual in this hour", fields="spots of a hit 31, usually 54; 12:20 ann: group.edit group 5",
       acked=now - 98 * MINUTE, who="ann")
insert("alarm", kind="beam_centre", since=now - 8 * MINUTE, body="the beam centre moved by 2.1, 0.0 px since the hour before", fields="indexed of hits 23.4 %, usually 64.5; resolution 2.30 Å, usually 1.92; ann: group.edit group 5")
insert("lease", name="watch", owner="psana2:40118:x", renewed=now, expires=now + 3600 * SECOND, token=1)
db.commit()
