"""What the tests of faults share: small files of each format, whole or damaged, runs of the program, and TAP.

Only the standard library, so that the files can be made anywhere. A case is a function whose first line of documentation is its
name; it gets an empty folder, is run, and fails by an AssertionError. Skip(why) skips it. A run that is killed by a signal it
was not sent, that hangs, or in which a sanitizer speaks fails its case, whatever the case wanted to see.
"""
import base64, hashlib, json, os, random, re, shutil, signal, sqlite3, struct, subprocess, sys, tempfile, time, traceback

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
program = os.path.abspath(os.environ.get("XFELX", os.path.join(root, "build", "xfelx")))
data = os.path.abspath(os.environ.get("XFELX_TEST_DATA", os.path.join(root, "..", "shared", "data")))
ours = os.environ.get("TEST_MPIEXEC") or os.path.join(root, "build", "sysroot", "bin", "mpiexec.hydra")
MARK = {"XFELX_TEST_MARK": str(os.getpid())}  # which ranks are ours
crystal = ["indexing.known_symmetry.unit_cell=79,79,38,90,90,90", "indexing.known_symmetry.space_group=P43212"]
cases = []


class Skip(Exception):
    """What is missing for a case to run."""


def case(function):
    cases.append((function.__doc__.splitlines()[0].rstrip("."), function))
    return function


def main():
    print(f"1..{len(cases)}")
    wanted = sys.argv[1:]
    failed = 0
    for number, (name, function) in enumerate(cases, 1):
        if wanted and not any(w in name for w in wanted):
            continue
        # jobs of a campaign that were just told to end may still write
        with tempfile.TemporaryDirectory(prefix="xfelx-", ignore_cleanup_errors=True) as folder:
            begun = time.monotonic()
            try:
                function(folder)
                print(f"ok {number} - {name}", flush=True)
                if "XFELX_TEST_TIMES" in os.environ:
                    print(f"# {time.monotonic() - begun:.1f} s")
            except Skip as why:
                print(f"ok {number} - {name} # SKIP {why}", flush=True)
            except Exception as e:
                failed += 1
                print(f"not ok {number} - {name}", flush=True)
                text = str(e) if isinstance(e, AssertionError) and str(e) else traceback.format_exc()
                print("\n".join("# " + line for line in text.splitlines()), flush=True)
    sys.exit(1 if failed else 0)


# ---- running ----

class Run:
    """What a run said. str() of it is its report, for messages of assertions."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def __str__(self):
        return f"$ {' '.join(self.command)}\n{self.out}{self.err}[{self.code}]"


def decode(text):
    return text.decode("utf-8", "backslashreplace")


def finish(process, command, timeout=60, signals=()):
    """Wait for a Popen and check what must never happen. signals: numbers of the signals it may die of."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise AssertionError(f"hangs: {' '.join(command)}")
    run = Run(command, process.returncode, decode(out or b""), decode(err or b""))
    assert run.code >= 0 or -run.code in signals, f"killed by signal {-run.code}\n{run}"
    assert not re.search(r"Sanitizer|runtime error:", run.err), f"a sanitizer speaks\n{run}"
    return run


def start(*arguments, folder=None, env={}, before=lambda: None, **more):
    command = [program] + [str(a) if not isinstance(a, bytes) else a for a in arguments]
    shown = [decode(c) if isinstance(c, bytes) else c for c in command]
    # A runner started in the background of a shell has SIGINT ignored, and so would what it starts.
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, env=dict(os.environ, LC_ALL="C", **env),
                               preexec_fn=lambda: (signal.signal(signal.SIGINT, signal.SIG_DFL), before()),
                               **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})
    return process, shown


def xfelx(*arguments, folder=None, env={}, timeout=60, **more):
    process, shown = start(*arguments, folder=folder, env=env, **more)
    return finish(process, shown, timeout)


def mpiexec(*parts, launcher=None, timeout=90, signals=(), wait=True, env={}):
    """Run under a launcher; parts as its own command line, PROGRAM stands for ours."""
    launcher = launcher or ours
    if not os.path.exists(launcher):
        raise Skip(f"no {launcher}")
    command = [launcher] + [program if p == "PROGRAM" else str(p) for p in parts]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=dict(os.environ, LC_ALL="C", **env), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    return finish(process, command, timeout, signals) if wait else (process, command)


def marked_ranks():
    """Process ids of the ranks under our mpiexec, by rank: they have MARK in their environment and a child, the HDF5 helper."""
    found = {}
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/environ", "rb") as f:
                variables = dict(v.split(b"=", 1) for v in f.read().split(b"\0") if b"=" in v)
            with open(f"/proc/{entry}/stat") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            continue
        if b"PMI_RANK" in variables and variables.get(b"XFELX_TEST_MARK") == str(os.getpid()).encode():
            found[int(entry)] = (int(variables[b"PMI_RANK"]), parent)
    return {rank: pid for pid, (rank, parent) in found.items() if parent not in found}


def seeded(what):
    """Dice that can be thrown again: $XFELX_TEST_SEED."""
    seed = int(os.environ.get("XFELX_TEST_SEED", time.time_ns() % 10**6))
    print(f"# seed {seed}, {what}", flush=True)
    return random.Random(seed)


def kill_ranks(dice, kills, begin, end):
    """kill -9 of so many ranks. begin() starts the job under an mpiexec, with MARK; end() finishes it, looks at what came out and takes
    it away. A job that was not hit is done before all are killed: then another one is begun."""
    hit = rounds = 0
    while hit < kills:
        process, command = begin()
        limit = time.monotonic() + 60
        while not marked_ranks() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 1))
        ranks = marked_ranks()
        if ranks:
            try:
                os.kill(dice.choice(sorted(ranks.values())), signal.SIGKILL)
                hit += 1
            except ProcessLookupError:
                pass
        if finish(process, command, 120).code == 0:
            rounds += 1
            end()
    end()
    print(f"# {hit} ranks killed in {rounds + 1} jobs", flush=True)


def status(folder):
    run = xfelx("status", "--json", folder)
    assert run.code == 0, f"status: {run}"
    return json.loads(run.out)["jobs"]


def rows(folder, table, columns="*"):
    with sqlite3.connect(f"file:{folder}/xfelx.db?mode=ro", uri=True) as db:
        return db.execute(f"SELECT {columns} FROM {table}").fetchall()


# ---- what must come out ----

def one_line(run, *words):
    """The failure of one frame: one line on stderr, with these words in it."""
    lines = [line for line in run.err.splitlines() if line.startswith("failed: ")]
    assert len(lines) == 1, f"{len(lines)} lines of failure\n{run}"
    for word in words:
        assert word.lower() in lines[0].lower(), f'"{word}" is not in the line of failure\n{run}'
    assert len(run.err.splitlines()) <= 4, f"says too much\n{run}"
    return lines[0]


def fails(folder, path, reason, *words, arguments=()):
    """Processing this file alone: exit code 1, one line with its name and the words, the reason and the message in status."""
    out = os.path.join(folder, "out")
    run = xfelx("process", path, f"output.output_dir={out}", *arguments, folder=folder)
    name = os.path.basename(decode(path) if isinstance(path, bytes) else path)
    assert run.code == 1, f"exit code {run.code}, not 1\n{run}"
    one_line(run, *words)
    assert run.out.rstrip().splitlines()[-1].startswith("0 done, 1 failed: "), f"the last line\n{run}"
    jobs = status(out)
    assert len(jobs) == 1 and jobs[0]["failed"] == 1 and jobs[0]["frames"] == 1, f"{jobs}\n{run}"
    assert jobs[0]["reasons"] == {reason: 1}, f'reasons {jobs[0]["reasons"]}, not {reason}\n{run}'
    bodies = rows(out, "failure", "body")
    assert len(bodies) == 1 and bodies[0][0], f"the message in the table of failures: {bodies}\n{run}"
    again = xfelx("process", path, f"output.output_dir={out}", *arguments, folder=folder)
    assert again.code == 1 and "1 of them are done already" in again.err, f"what is final is not changed\n{again}"
    assert again.out.rstrip().splitlines()[-1] == run.out.rstrip().splitlines()[-1], f"the same is said again\n{again}"
    jobs = status(out)
    assert len(jobs) == 1 and jobs[0]["failed"] == 1 and jobs[0]["frames"] == 1, f"after the second try: {jobs}\n{again}"
    return run


def refused(run, code, *words):
    """An error of the run: "error:" once, at most detail and hint after it, with these words."""
    lines = run.err.splitlines()
    assert run.code == code, f"exit code {run.code}, not {code}\n{run}"
    assert sum(line.startswith("error: ") for line in lines) == 1, f"not one error\n{run}"
    assert all(re.match(r"(error|detail|hint|warning): ", line) for line in lines), f"other lines\n{run}"
    assert not run.out, f"speaks on stdout\n{run}"
    for word in words:
        assert word.lower() in run.err.lower(), f'"{word}" is not said\n{run}'


def write(folder, name, content):
    path = os.path.join(os.fsencode(folder), name) if isinstance(name, bytes) else os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return path


# ---- files ----

def noise(n, mean=3, seed=1):
    """n small counts, always the same."""
    out, state = [], seed * 2654435761 % 2**32 or 1
    for _ in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append((state >> 16) % (2 * mean + 1))
    return out


def byte_offset(pixels):
    out, last = bytearray(), 0
    for p in pixels:
        d = p - last
        last = p
        if -128 < d < 128:
            out += struct.pack("<b", d)
        elif -32768 < d < 32768:
            out += b"\x80" + struct.pack("<h", d)
        elif -2**31 < d < 2**31:
            out += b"\x80\x00\x80" + struct.pack("<i", d)
        else:
            out += b"\x80\x00\x80\x00\x00\x00\x80" + struct.pack("<q", d)
    return bytes(out)


KEYS = {"Detector": "PILATUS 300K, S/N 3-0101", "Pixel_size": "172e-6 m x 172e-6 m", "Count_cutoff": "1000000 counts",
        "Wavelength": "1.0 A", "Detector_distance": "0.1 m", "Beam_xy": "(32.0, 24.0) pixels", "Silicon": None}


def cbf(pixels=None, width=64, height=48, body=None, md5=None, elements=None, size=None, **keys):
    """A miniCBF. keys: header lines to change, None leaves one out; size, elements, md5: what the binary header says."""
    if body is None:
        body = byte_offset(pixels if pixels is not None else noise(width * height))
    lines = "".join(f"# {k} {v}\r\n" for k, v in {**KEYS, **keys}.items() if v is not None)
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode() if md5 is None else md5
    return (f"###CBF: VERSION 1.5\r\n\r\ndata_shot\r\n\r\n_array_data.header_convention \"PILATUS_1.2\"\r\n_array_data.header_contents\r\n;\r\n"
            f"{lines};\r\n\r\n_array_data.data\r\n;\r\n--CIF-BINARY-FORMAT-SECTION--\r\nContent-Type: application/octet-stream;\r\n"
            f"     conversions=\"x-CBF_BYTE_OFFSET\"\r\nContent-Transfer-Encoding: BINARY\r\n"
            f"X-Binary-Size: {len(body) if size is None else size}\r\nX-Binary-ID: 1\r\nX-Binary-Element-Type: \"signed 32-bit integer\"\r\n"
            f"X-Binary-Element-Byte-Order: LITTLE_ENDIAN\r\nContent-MD5: {md5}\r\n"
            f"X-Binary-Number-of-Elements: {width * height if elements is None else elements}\r\n"
            f"X-Binary-Size-Fastest-Dimension: {width}\r\nX-Binary-Size-Second-Dimension: {height}\r\nX-Binary-Size-Padding: 4095\r\n\r\n"
            ).encode() + b"\x0c\x1a\x04\xd5" + body + bytes(4095) + b"\r\n--CIF-BINARY-FORMAT-SECTION----\r\n;\r\n"


def smv(pixels=None, width=64, height=48, **keys):
    pixels = noise(width * height) if pixels is None else pixels
    head = {"HEADER_BYTES": 512, "BEAMLINE": "fake", "DIM": 2, "BYTE_ORDER": "little_endian", "TYPE": "unsigned_short", "SIZE1": width, "SIZE2": height,
            "PIXEL_SIZE": 0.1, "DISTANCE": 100, "WAVELENGTH": 1.0, "BEAM_CENTER_X": 3.2, "BEAM_CENTER_Y": 2.4}
    text = "{\n" + "".join(f"{k}={v};\n" for k, v in {**head, **keys}.items() if v is not None) + "}\n"
    return text.encode().ljust(512, b" ") + struct.pack(f"<{len(pixels)}H", *pixels)


_simulated = {}


def simulated(frames=4, size="256,256", **more):
    """Bytes of a run of made-up shots; made once."""
    options = [f"--frames={frames}", f"--size={size}", "--pixel=0.2", "--distance=60"]
    options += [f"--{k.replace('_', '-')}={v}" for k, v in more.items()]
    key = tuple(options)
    if key not in _simulated:
        with tempfile.TemporaryDirectory(prefix="xfelx-") as folder:
            run = xfelx("simulate", *options, "run.h5", folder=folder, timeout=60 + frames)
            assert run.code == 0, str(run)
            with open(os.path.join(folder, "run.h5"), "rb") as f:
                _simulated[key] = f.read()
    return _simulated[key]


def sample(*parts):
    path = os.path.join(data, *parts)
    if not os.path.exists(path):
        raise Skip(f"no sample data in {data}")
    return path
