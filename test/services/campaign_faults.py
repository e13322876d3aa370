"""campaign_faults.py - what can go wrong between a scheduler and a campaign, in the scheduler's own ways: told by campaign_pbs_test,
campaign_lsf_test, faults_slurm_test and faults_sge_test. Each fault ends in the right state, with its reason, and each frame is in
the results once.
"""
import os, time

from campaign import Campaign

# Numbers of WORDS 4.
DONE, CANCELLED, FAILED = 1, 4, 5
BLOCKED, RUNNING = 4, 6
OK, EXIT, SIGNAL, NODE, CANCELLED_END, LAUNCH = 1, 2, 3, 6, 8, 9


def prepared(folder, method, env, **settings):
    """A campaign whose jobs can be kept waiting, before (hold) and after (linger) their begin record is written, and can be made to
    have a step that fails."""
    names = {n: f"{folder}/{n}" for n in ("hold", "linger")}
    c = Campaign(folder + "/c", method, env, mp__env_script=f"{folder}/before.sh", mp__nproc="2", mp__threads="1",
                 mp__mpi_command=f"{folder}/launch", submit__grace="3", **settings)
    with open(f"{folder}/before.sh", "w") as f:
        f.write(f"while [ -e {names['hold']} ]; do sleep 0.1; done\n")
    with open(f"{folder}/launch", "w") as f:  # stands for mpirun: -n RANKS PROGRAM ARGUMENT...
        f.write(f"#!/bin/sh\nwhile [ -e {names['linger']} ]; do sleep 0.1; done\nshift 2\nexec \"$@\"\n")
    os.chmod(f"{folder}/launch", 0o755)
    c.names = names
    c.begin()
    return c


class kept:
    """with kept(c, "linger"): jobs that are submitted meanwhile stay there until the end of the block."""

    def __init__(self, campaign, name):
        self.path = campaign.names[name]

    def __enter__(self):
        open(self.path, "w").close()

    def __exit__(self, *what):
        os.unlink(self.path)


def attempts(c, run):
    """(state, end kind, exit code, signal, reason, id) of each try of a run, oldest first."""
    return c.rows("SELECT a.state,a.end_kind,a.exit_code,a.exit_signal,a.reason,a.sched_id FROM attempt a JOIN job j ON j.id=a.job"
                  " JOIN run r ON r.id=j.run WHERE r.num=? ORDER BY a.no", run)


def submitted(c, run, state=RUNNING):
    """Submits a new run and waits until its job is there; its id."""
    c.new_run(run)
    c.until(lambda: attempts(c, run) and attempts(c, run)[0][0] == state and attempts(c, run)[0][5], 60)
    return attempts(c, run)[0][5]


def state_of(c, run):
    return [j[3] for j in c.jobs(f"r.num={run}")]


def ended(c, run, *kinds):
    """Cycles until the first try of a run has ended, in one of these ways."""
    c.until(lambda: attempts(c, run)[0][1] != 0, 60)
    assert attempts(c, run)[0][1] in kinds, c.shown()


def cancelled_by_others(c, run, cancel):
    """Somebody else's scancel, qdel, bkill: failed, not tried again, and explained."""
    with kept(c, "linger"):
        cancel(submitted(c, run))
        ended(c, run, CANCELLED_END)
    for _ in range(2):
        c.once()
    assert state_of(c, run) == [FAILED] and len(attempts(c, run)) == 1, c.shown()
    assert "tries_used" in c.run("submit", "--explain", str(run), code=0)


def cancelled_in_the_queue(c, run, cancel):
    """The same before it began: nothing of the job is there but what the scheduler says."""
    with kept(c, "hold"):
        c.new_run(run)
        c.until(lambda: attempts(c, run) and attempts(c, run)[0][5], 60)
        cancel(attempts(c, run)[0][5])
        ended(c, run, CANCELLED_END)
    assert state_of(c, run) == [FAILED] and len(attempts(c, run)) == 1, c.shown()


def node_fails(c, run, fail):
    """The node dies under a job: tried again without counting, and done by the second try alone."""
    with kept(c, "linger"):
        fail(submitted(c, run))
        c.until(lambda: attempts(c, run)[0][1] == NODE, 90)
    c.until(lambda: state_of(c, run) == [DONE], 120)
    tries = attempts(c, run)
    assert len(tries) == 2 and tries[0][4] and tries[1][1] == OK, c.shown()


def forgotten(c, run, forget):
    """The scheduler forgets a job that has ended: its own record says how."""
    with kept(c, "linger"):
        number = submitted(c, run)
    c.until(lambda: os.path.exists(f"{c.out}/.xfelx/jobs/{newest(c, run)}.end"), 60, step=lambda: time.sleep(0.1))
    forget(number)
    c.until(lambda: state_of(c, run) == [DONE], 60)
    assert len(attempts(c, run)) == 1, c.shown()


def newest(c, run):
    return c.rows("SELECT max(a.id) FROM attempt a JOIN job j ON j.id=a.job JOIN run r ON r.id=j.run WHERE r.num=?", run)[0][0]


def cannot_start(c, run, option, *kinds, state=FAILED):
    """An option by which the scheduler takes a job that it cannot start: failed or blocked, with the scheduler's reason."""
    with settings(c, f"mp.extra_options = '{option}'\n"):
        c.new_run(run)
        if state == BLOCKED:
            c.until(lambda: attempts(c, run) and attempts(c, run)[0][0] == BLOCKED, 90)
        else:
            c.until(lambda: attempts(c, run) and attempts(c, run)[0][1] != 0, 90)
            assert attempts(c, run)[0][1] in kinds, c.shown()
    assert attempts(c, run)[0][4], f"no reason\n{c.shown()}"
    return attempts(c, run)[0]


class settings:
    """with settings(c, TEXT): a line more in the settings file."""

    def __init__(self, campaign, text):
        self.path, self.text = f"{campaign.folder}/xfelx.phil", text

    def __enter__(self):
        self.before = open(self.path).read()
        with open(self.path, "a") as f:
            f.write(self.text)

    def __exit__(self, *what):
        with open(self.path, "w") as f:
            f.write(self.before)


def lost_answer(c, run, lose):
    """Handed in, and the answer lost: found again by its name, not handed in twice."""
    lose()
    c.new_run(run)
    said = c.once()
    assert "without an answer" in said, said
    c.until(lambda: state_of(c, run) == [DONE], 60)
    assert len(attempts(c, run)) == 1, c.shown()


def away(c, run, leave, back):
    """The scheduler is away: said; runs are seen all the same, and it goes on when it is back."""
    with kept(c, "linger"):
        submitted(c, run)
    leave()
    c.new_run(run + 1)
    said = c.once()
    assert c.rows("SELECT count(*) FROM run WHERE num=?", run + 1)[0][0] == 1, said
    back()
    c.until(lambda: state_of(c, run) == [DONE] and state_of(c, run + 1) == [DONE], 120)
    assert len(attempts(c, run)) == 1, c.shown()


def each_once(c, *runs):
    """All frames of these runs are there once, whatever happened before."""
    for run in runs:
        rows = c.rows("SELECT j.n_expected,count(f.job) FROM job j JOIN run r ON r.id=j.run LEFT JOIN frame f ON f.job=j.id WHERE r.num=?"
                      " GROUP BY j.id", run)
        assert len(rows) == 1 and rows[0][0] == rows[0][1] > 0, f"run {run}: {rows}\n{c.shown()}"


def stand_before(folder, env, command, text):
    """A script of this text goes before a scheduler's command; $real is the command. It acts when FOLDER/bin/act is there, and takes it
    away. Returns the environment for clients, and the path of act."""
    real = next(p for p in (os.path.join(d, command) for d in env["PATH"].split(":")) if os.access(p, os.X_OK))
    bin = f"{folder}/bin"
    os.makedirs(bin, exist_ok=True)
    with open(f"{bin}/{command}", "w") as f:
        f.write(f'#!/bin/sh\nreal={real}\n[ -e {bin}/act ] || exec $real "$@"\nrm {bin}/act\n{text}\n')
    os.chmod(f"{bin}/{command}", 0o755)
    return dict(env, PATH=f"{bin}:{env['PATH']}"), f"{bin}/act"


def started_twice(c, run, act):
    """Two batch jobs start for one claim, and only one of them is known: one works, the other leaves."""
    open(act, "w").close()
    c.new_run(run)
    c.until(lambda: state_of(c, run) == [DONE], 60)
    assert len(attempts(c, run)) == 1, c.shown()


def ranks(folder, method, env, **settings):
    """`xfelx doctor --mpi`: template, submission, launcher, ranks and records, each as the scheduler's own way is."""
    c = Campaign(folder + "/ranks", method, env, **settings)
    said = c.run("doctor", "--mpi", "--wait", "60", code=None)
    assert "its ranks found each other" in said, said
