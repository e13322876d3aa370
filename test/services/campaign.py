"""campaign.py - a small campaign for tests with a scheduler: simulated runs that appear one by one, a trial, an open rungroup, and
`xfelx watch --once` as cron would call it. What every test wants to see at the end: assert_once.

Only the standard library. The database is SQLite; what people type (xfelx trial, group) is typed where the program has it.
"""
import glob, os, signal, sqlite3, subprocess, sys, time

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
program = os.path.abspath(os.environ.get("XFELX", os.path.join(root, "build", "xfelx")))

FRAMES = 4
RECIPE = "indexing.known_symmetry.unit_cell = 79,79,38,90,90,90\nindexing.known_symmetry.space_group = P43212\n"


class Campaign:
    def __init__(self, folder, method, env=None, **settings):
        self.folder, self.out, self.data = folder, f"{folder}/out", f"{folder}/data"
        self.env = dict(env if env is not None else os.environ, HOME=folder)
        for name in [n for n in self.env if n.startswith("XFELX_DB") or n in ("XFELX_ATTEMPT", "XFELX_CONFIG")]:
            del self.env[name]
        os.makedirs(self.data)
        lines = {"output_folder": "out", "facility.standalone.data_dir": "data", "facility.standalone.template": '"*.h5"',
                 "facility.standalone.regex": "'run_([0-9]+)[.]h5'", "facility.standalone.files.last_modified": "0",
                 "mp.method": method, "mp.nproc": "1", "mp.wall_time": "10", "submit.rate": "100", "submit.grace": "5"}
        lines.update({k.replace("__", "."): v for k, v in settings.items()})
        with open(f"{folder}/xfelx.phil", "w") as f:
            f.writelines(f"{k} = {v}\n" for k, v in lines.items())
        self.set_up = False

    # ---- what people and detectors do ----

    def new_run(self, number, frames=FRAMES):
        """A run appears: written under another name, then renamed, as detectors do."""
        path = f"{self.data}/.run_{number:04d}.h5"
        self.run("simulate", f"--frames={frames}", f"--seed={number}", "--size=256,256", "--pixel=0.2", "--distance=60", path)
        os.rename(path, f"{self.data}/run_{number:04d}.h5")

    def add_trial(self, number, text=RECIPE, groups=(1,)):
        self.sql("INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) VALUES(?,?,?,'',1,0,0,'')", number,
                 bytes([number] * 32), text)
        for group in groups:
            self.sql("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES((SELECT id FROM trial WHERE num=?),?,1)", number, group)

    def add_group(self, first, last=None, trials=()):
        self.sql("INSERT INTO rungroup(first_ord,last_ord,active,phil,body,created,who) VALUES(?,?,1,'','',0,'')", first, last)
        group = self.rows("SELECT max(id) FROM rungroup")[0][0]
        for trial in trials:
            self.sql("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES((SELECT id FROM trial WHERE num=?),?,1)", trial, group)
        return group

    def begin(self):
        """The database, an open rungroup from run 1 on, and trial 1."""
        self.run("db", "init", self.out)
        self.add_group(1)
        self.add_trial(1)

    # ---- the program ----

    def run(self, *arguments, code=0, env={}, timeout=120):
        p = subprocess.run([program, *arguments], cwd=self.folder, env=dict(self.env, **env), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, universal_newlines=True, errors="replace")
        said = f"$ xfelx {' '.join(arguments)}\n{p.stdout}{p.stderr}[{p.returncode}]"
        assert code is None or p.returncode == code, said
        assert "Sanitizer" not in p.stderr, said
        return said

    def once(self, code=None, **more):
        return self.run("watch", "--once", code=code, **more)

    def start(self, *arguments, env={}):
        """A program that goes on: its caller ends it."""
        return subprocess.Popen([program, *arguments], cwd=self.folder, env=dict(self.env, **env), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, errors="replace")

    def until(self, done, seconds=120, step=None, pause=0.3):
        """Cycles, as cron would make them, until done() is true. Returns what the last one said."""
        end = time.monotonic() + seconds
        said = ""
        while not done():
            assert time.monotonic() < end, f"after {seconds} s: {self.shown()}\n{said}"
            said = step() if step else self.once()
            time.sleep(pause)
        return said

    # ---- what is in the store ----

    def sql(self, text, *values):
        with sqlite3.connect(f"{self.out}/xfelx.db", timeout=30) as db:
            db.execute(text, values)
        db.close()

    def rows(self, text, *values):
        db = sqlite3.connect(f"{self.out}/xfelx.db", timeout=30)
        try:
            return db.execute(text, values).fetchall()
        finally:
            db.close()

    def jobs(self, where="1"):
        return self.rows(f"SELECT t.num,j.rungroup,r.num,j.state FROM job j JOIN trial t ON t.id=j.trial JOIN run r ON r.id=j.run WHERE {where}")

    def all_done(self, n):
        jobs = self.jobs("j.task_rev=0")
        return len(jobs) >= n and all(j[3] == 1 for j in jobs)

    def shown(self):
        lines = [str(r) for r in self.rows("SELECT j.id,j.run,j.state,j.n_expected,a.no,a.state,a.end_kind,a.exit_code,a.sched_id,a.reason"
                                           " FROM job j LEFT JOIN attempt a ON a.job=j.id ORDER BY j.id,a.no")]
        for log in sorted(glob.glob(f"{self.out}/*/*/a*/log.out"))[:4]:
            lines.append(f"{log}: {open(log, errors='replace').read()[-600:]}")
        return "\n".join(lines)

    def assert_once(self, expected, frames=FRAMES):
        """Each (trial, rungroup, run) has one job, done and published, with each of its frames once, and no live attempt is left."""
        jobs = self.jobs("j.task_rev=0")
        assert sorted(j[:3] for j in jobs) == sorted(expected), f"{sorted(jobs)}\n{self.shown()}"
        assert all(j[3] == 1 for j in jobs), self.shown()
        for job, n_expected, n in self.rows("SELECT j.id,j.n_expected,(SELECT count(*) FROM frame f WHERE f.job=j.id) FROM job j"
                                            " WHERE j.task_rev=0"):
            assert n_expected == n == frames, f"job {job}: {n} of {n_expected} frames\n{self.shown()}"
        assert self.rows("SELECT count(*) FROM attempt WHERE live=1")[0][0] == 0, self.shown()
        assert self.rows("SELECT count(*) FROM job WHERE task_rev=0 AND published=0")[0][0] == 0, self.shown()

    def attempts(self):
        return self.rows("SELECT count(*) FROM attempt")[0][0]


def six_runs(campaign, between=lambda i: None, seconds=240):
    """The story that every scheduler is told: six runs appear one by one while cron calls, two watchers at once each time; all are
    processed once; then a second trial, and the rungroup that was closed is opened again."""
    c = campaign
    c.begin()
    for number in range(1, 7):
        c.new_run(number)
        both = [c.start("watch", "--once"), c.start("watch", "--once")]
        for p in both:
            out = p.communicate(timeout=120)[0]
            assert p.returncode in (0, 1), out
        between(number)
    c.until(lambda: c.all_done(6), seconds)
    c.assert_once([(1, 1, n) for n in range(1, 7)])
    again = c.once(code=0)
    assert "submitted" not in again, again
    # a second trial, of a rungroup of its own that ends with run 4, then is opened again
    group = c.add_group(3, 4)
    c.add_trial(2, RECIPE + "spotfinder.filter.min_spot_size = 3\n", (group,))
    c.until(lambda: c.all_done(8), seconds)
    c.assert_once([(1, 1, n) for n in range(1, 7)] + [(2, group, 3), (2, group, 4)])
    c.sql("UPDATE rungroup SET last_ord=NULL WHERE id=?", group)
    c.until(lambda: c.all_done(10), seconds)
    c.assert_once([(1, 1, n) for n in range(1, 7)] + [(2, group, n) for n in range(3, 7)])
