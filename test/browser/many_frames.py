#!/usr/bin/env python3
"""many_frames.py FILE JOB FRAMES: give a job of a database of many_runs.py as many frames with lattices: a jet that comes and goes, a
detector that drifts by +0.4 px along x, two lattices in every twentieth crystal."""
import math, os, random, sqlite3, sys, time

path, job, frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(path)
random.seed(11)
attempt, run, start = db.execute("SELECT a.id,j.run,a.start_t FROM job j JOIN attempt a ON a.job=j.id WHERE j.id=?", (job,)).fetchone()
per_file = -(-frames // 5)
db.execute("DELETE FROM source WHERE run=?", (run,))
for no in range(5):
    db.execute("INSERT INTO source(run,no,path,path_hash,size,mtime,n_frames,format,here) VALUES(?,?,?,?,?,?,?,?,1)", (run, no, b"part%d.h5" % no, os.urandom(16), per_file * 4000000, start, per_file, "NXmx"))
rows, lattices, counts = [], [], {}
for i in range(frames):
    source, frame = divmod(i, per_file)
    if 0.61 < i / frames < 0.64:
        continue  # not worked on yet: a gap
    jet = 0.18 + 0.1 * math.sin(i / frames * 9)
    outcome, reason, strong, res, n, flags = 1, 2, int(random.expovariate(.4)), None, 0, 0
    if random.random() < jet:
        strong, outcome, reason = int(random.lognormvariate(4.2, .6)) + 16, 3, 11
        if random.random() < .65:
            outcome, reason, res, n = 5, 0, max(1.6, random.gauss(2.1, .18)), 2 if i % 20 == 0 else 1
    if i % 5003 == 7:
        outcome, reason, strong, res, n = 6, 44, 0, None, 0
    counts[outcome] = counts.get(outcome, 0) + 1
    energy = 9500 + random.gauss(0, 6) + 8 * math.sin(i / frames * 5)
    rows.append((job, source, frame, attempt, 0, outcome, reason, flags, 0, n, strong, 0, start + i * 8333333, None if outcome == 6 else energy, 1, None if outcome == 6 else 120 + .02 * i / frames, res, bytes(32)))
    for k in range(n):
        lattices.append((job, source, frame, k, 0, 0, strong // 2, 300, 50., .3, res, random.gauss(.4 * i / frames, .12), random.gauss(0, .12), 79., 79., 38., 90., 90., 90., bytes(72), bytes(48), bytes(84), bytes(110), os.urandom(16)))
db.executemany("INSERT INTO frame(job,source,frame,attempt,writer,outcome,reason,flags,label,n_lattice,n_strong,n_sat,t_done,ev_used,ev_src,dist_mm,res_a,stages) VALUES(" + ",".join("?" * 18) + ")", rows)
db.executemany("INSERT INTO lattice(job,source,frame,lattice,reason,cell_no,n_indexed,n_integrated,evidence,rmsd_px,res_a,dx_px,dy_px,a,b,c,al,be,ga,mat,free_cell,free_cov,shells,ident) VALUES(" + ",".join("?" * 24) + ")", lattices)
db.execute("UPDATE roll SET frames=?,blank=?,hit_not_indexed=?,integrated=?,failed=?,lattices=?,multi=? WHERE attempt=?",
           (len(rows), counts.get(1, 0), counts.get(3, 0), counts.get(5, 0), counts.get(6, 0), len(lattices), sum(r[9] > 1 for r in rows), attempt))
db.execute("UPDATE job SET n_expected=? WHERE id=?", (frames, job))
db.execute("UPDATE attempt SET submit_t=?,sched_id='4711' WHERE id=?", (start - 20 * 10**9, attempt))
db.execute("UPDATE run SET closed_t=?,n_files=5,n_here=5 WHERE id=?", (start - 30 * 10**9, run))
db.execute("INSERT OR IGNORE INTO version_input(version,job) SELECT id,? FROM dataset_version", (job,))
db.execute("UPDATE dataset_version SET created=?+60000000000*version", (db.execute("SELECT end_t FROM attempt WHERE id=?", (attempt,)).fetchone()[0],))
db.commit()
