#!/usr/bin/env python3
"""many_runs.py FILE RUNS FRAMES: fill a new SQLite database of xfelx with runs, jobs and roll-ups as they are after days of beam, and
with names that would do harm in a page that trusted them. No frames: pages read roll-ups only."""
import os, random, sqlite3, struct, sys, time

path, n_runs, frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(path)
EMPTY = {"INTEGER": 0, "REAL": 0.0, "TEXT": "", "BLOB": b""}
SECOND, PER_RUN = 10**9, 170 * 10**9
HOSTILE = ['"><img src=x onerror=alert(1)>', "<script>alert(1)</script>", "</title><svg onload=alert(1)>"]


def insert(table, columns={}, **values):
    """A row; columns that must be there and are not given are empty."""
    if table not in columns:
        columns[table] = [(c[1], c[2], c[3]) for c in db.execute(f"PRAGMA table_info({table})")]
    row = {name: EMPTY[kind] for name, kind, needed in columns[table] if needed and name != "id"}
    row.update(values)
    return db.execute(f"INSERT INTO {table}({','.join(row)}) VALUES({','.join('?' * len(row))})", list(row.values())).lastrowid


log_path = os.path.join(os.path.dirname(os.path.abspath(path)), "job.log")
with open(log_path, "wb") as log:
    log.write(b"slurm: node7\n" * 300 + HOSTILE[1].encode() + b"\r\n\x1b[31mslurmstepd: error: *** JOB 77 CANCELLED DUE TO TIME LIMIT ***\x00\xff\n")



def directions():
    """a*, b*, c* of a crystal that lies anyhow."""
    q = [random.gauss(0, 1) for _ in range(4)]
    w, x, y, z = (v / sum(v * v for v in q) ** .5 for v in q)
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y), 2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x),
            2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)]
    return struct.pack(">9h", *[round(32767 * v) for v in rows])


def cells(attempt, n):
    """Histograms of the free cells and the sample of n lattices, of a tetragonal crystal; every fifth is of another form."""
    bins = [[0] * 200 for _ in range(6)]
    for k in range(n):
        a, c = (79.1, 38.0) if k % 5 else (80.2, 37.4)
        a, c = random.gauss(a, .15), random.gauss(c, .08)
        free = [random.gauss(a, .05), random.gauss(a, .05), c] + [random.gauss(90, .12) for _ in range(3)]
        for i, v in enumerate(free):
            lo, step = (CELL[i] * .95, CELL[i] * .1 / 200) if i < 3 else (85, .05)
            bins[i][min(199, max(0, int((v - lo) / step)))] += 1
        insert("roll_sample", attempt=attempt, hash=random.getrandbits(62), frame=k, a=a, b=a, c=c, al=90, be=90, ga=90, res_a=2, rmsd_px=.5, dir=directions())
    for i in range(6):
        lo, step = (CELL[i] * .95, CELL[i] * .1 / 200) if i < 3 else (85, .05)
        insert("roll_hist", attempt=attempt, kind=i + 1, n=n, lo=lo, step=step, bins=struct.pack(">200I", *bins[i]))


CELL = [79, 79, 38]
random.seed(5)
now = time.time_ns()
trial = insert("trial", num=1, recipe_hash=b"r" * 32, phil="spotfinder {\n  threshold {\n    algorithm = dispersion\n  }\n}\n", body=HOSTILE[0], active=1, used=1, created=now, who="ann")
insert("trial", num=2, recipe_hash=b"s" * 32, phil="spotfinder {\n  threshold {\n    algorithm = dispersion_extended\n  }\n}\n", active=0, created=now, who="bob")
tags = [insert("tag", name=name) for name in ["dark", "5ms", "50ms", "200ms", HOSTILE[1]]]
for i in range(n_runs):
    t = now - (n_runs - i) * PER_RUN
    last, failed = i == n_runs - 1, i % 101 == 7
    name = f"r{i + 1:05d}" if i != n_runs - 3 else HOSTILE[2]
    run = insert("run", ord=i + 1, num=i + 1, name=name, path=b"/data/%d" % i, path_hash=os.urandom(16), facility="directory", state=1 if last else 3, state_t=t,
                 seen=t, begin_t=t, end_t=t + PER_RUN, n_files=5, n_here=5, readable=1, body="weak jet" if i % 37 == 0 else "")
    insert("run_tag", run=run, tag=tags[i % 4], t=t, who="ann")
    if i % 50 == 0:
        insert("run_tag", run=run, tag=tags[4], t=t, who="ann")
    job = insert("job", trial=trial, run=run, state=2 if last else 5 if failed else 1, state_t=t, n_expected=frames, n_tries=1, folder=f"/results/{i}", created=t)
    attempt = insert("attempt", job=job, no=1, name=f"xf-{job}", state=6 if last else 9, end_kind=0 if last else 4 if failed else 1, live=1 if last else None,
                     scheduler="slurm", reason="time limit <b>" if failed else None, start_t=t, end_t=None if last else t + PER_RUN, n_ranks=4, n_threads=16, program="xfelx", host="node7", log_path=log_path if failed else None)
    hits = int(frames * random.uniform(.12, .2))
    indexed = int(hits * (.24 if n_runs - 40 < i < n_runs - 30 else random.uniform(.6, .68)))
    reasons = [0] * 64
    reasons[2], reasons[11] = frames - hits, hits - indexed
    insert("roll", attempt=attempt, frames=frames, blank=frames - hits, hit_not_indexed=hits - indexed, integrated=indexed, lattices=indexed, failed=3 if i % 20 == 0 else 0,
           t_first=t, t_last=t + PER_RUN, t_frame=t + PER_RUN, reasons=struct.pack(">64I", *reasons))
    s2 = random.uniform(1.85, 2.1) ** -2
    for m in range(3):
        spots = [int(hits / 3 / (abs(b - 6) + 1) / 4) for b in range(16)]
        insert("roll_minute", attempt=attempt, minute=t // SECOND // 60 + m, frames=frames // 3, hits=hits // 3, indexed=indexed // 3, integrated=indexed // 3, lattices=indexed // 3,
               n_res=indexed // 3, sum_s2=indexed // 3 * s2, spots_hit=struct.pack(">16I", *[b // 2 for b in spots]), spots_idx=struct.pack(">16I", *spots), res_bins=bytes(96))
    insert("roll_hist", attempt=attempt, kind=7, n=indexed, total=indexed * s2, bins=bytes(400))
    if i >= n_runs - 200:
        cells(attempt, indexed)
    insert("writer", attempt=attempt, writer=0, host="node7")
    insert("roll_hist", attempt=attempt, kind=20, n=frames, total=frames * 300.0, bins=bytes(96))
    insert("roll_change", attempt=attempt, job=job, updated=t + PER_RUN, pos=1)

light = insert("dataset", name="light " + HOSTILE[0], op=1, active=1, goal="200000", body="all delays")
insert("dataset", name="dark", op=2, active=0)
for tag in tags[1:4]:
    insert("dataset_tag", dataset=light, tag=tag)
for version in range(1, 4):
    row = insert("dataset_version", dataset=light, version=version, created=now - (4 - version) * 3600 * SECOND)
    insert("version_input", version=row, job=1)
    if version == 3:
        continue  # not merged yet
    job = insert("job", trial=trial, version=row, state=1, state_t=now, n_tries=1, folder="/results/m", created=now)
    for shell in range(11):
        d_min = (1.5 ** -3 * (shell or 10) / 10) ** (-1 / 3)
        insert("merge_stats", version=row, job=job, shell=shell, d_max=None if shell < 2 else (1.5 ** -3 * (shell - 1) / 10) ** (-1 / 3), d_min=d_min, possible=1000, uniq=990,
               meas=9900 * version, completeness=.99, multiplicity=10. * version, mean_i=50., i_over_sigma=9. - .8 * shell, cc_half=.99 - .03 * shell, cc_pairs=900, cc_star=.99,
               r_split=.1 + .02 * shell, lattices=9000 * version)
db.commit()
