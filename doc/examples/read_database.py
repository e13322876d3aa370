"""Hits and indexed frames of each run, from the SQLite file of a results folder. Needs nothing but Python.

    python3 read_database.py results/xfelx.db
"""
import sqlite3
import sys

db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
for run, frames, hits, indexed in db.execute("""
        SELECT r.ord, sum(x.frames - x.failed), sum(x.hit_not_indexed + x.indexed_not_integrated + x.integrated),
               sum(x.indexed_not_integrated + x.integrated)
        FROM roll x JOIN attempt a ON a.id = x.attempt JOIN job j ON j.id = a.job JOIN run r ON r.id = j.run
        WHERE x.label = 0 GROUP BY r.id ORDER BY r.ord"""):
    print(f"run {run}: {hits} hits of {frames} frames, {indexed} indexed")

# Cells of every lattice, Å and degrees; a, b, c are the setting of the space group.
cells = db.execute("SELECT a, b, c, al, be, ga FROM lattice").fetchall()
print(f"{len(cells)} lattices, mean a {sum(c[0] for c in cells) / max(1, len(cells)):.2f} Å")
