#!/usr/bin/env python3
"""latency.py [FRAMES [THREADS]]: how long it takes from "a frame is done" to "its number is on the page".

A run is simulated and worked on by `xfelx process`; `xfelx status --serve` serves the database, and a client does what a page does: hears the
stream of events and reads GET overview anew when something changed. The k-th frame was done at the k-th smallest t_done of the database's
rows; its number arrived when the first answer with at least k frames was there. Prints quantiles of the difference; exit code 1 when the
95 % one is 2 s or more. Times are of one machine's clock. What is measured beside the program is the machine's load: it is printed too."""
import json, os, sqlite3, subprocess, sys, tempfile, threading, time, urllib.request

frames, threads = int(sys.argv[1]) if len(sys.argv) > 1 else 400, sys.argv[2] if len(sys.argv) > 2 else "1"
xfelx = os.path.abspath(os.environ.get("XFELX", "build/xfelx"))
PAGE_PAUSE = 1.0  # a page asks at most once a second (live.js)


def client(base, seen, ready, stop):
    """Events, and what a page reads after each that says something changed: (when, frames)."""
    def read():
        with urllib.request.urlopen(base + "api/v1/overview") as answer:
            total = json.load(answer)["totals"]["frames"]
        seen.append((time.time_ns(), total))

    stream, asked = urllib.request.urlopen(base + "api/v1/events", timeout=60), 0.0
    kind = b""
    for line in stream:
        ready.set()
        if stop.is_set():
            return
        if line.startswith(b"event:"):
            kind = line[6:].strip()
        if line.startswith(b"data:") and kind in (b"delta", b"resync"):
            time.sleep(max(0, asked + PAGE_PAUSE - time.monotonic()))
            asked = time.monotonic()
            read()


with tempfile.TemporaryDirectory(prefix="xfelx_latency_") as work:
    run, out = os.path.join(work, "run.h5"), os.path.join(work, "out")
    subprocess.run([xfelx, "simulate", run, "--frames", str(frames)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([xfelx, "db", "init", out], check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([xfelx, "status", "--serve", "0", "--no-token", out], stdout=subprocess.PIPE, text=True)
    base = server.stdout.readline().split()[1]
    seen, ready, stop = [], threading.Event(), threading.Event()
    thread = threading.Thread(target=client, args=(base, seen, ready, stop), daemon=True)
    thread.start()
    ready.wait(20)
    began = time.time()
    subprocess.run([xfelx, "process", os.path.join(work, "run.phil"), run, f"output.output_dir={out}", f"xfelx.threads={threads}"], check=True, stdout=subprocess.DEVNULL, cwd=work)
    took = time.time() - began
    for _ in range(200):
        if seen and seen[-1][1] >= frames:
            break
        time.sleep(0.05)
    stop.set()
    server.terminate()
    server.wait()
    done = sorted(t for t, in sqlite3.connect(os.path.join(out, "xfelx.db")).execute("SELECT t_done FROM frame"))

late, at = [], 0
for k, t in enumerate(done):
    while at < len(seen) and seen[at][1] < k + 1:
        at += 1
    if at == len(seen):
        sys.exit(f"frame {k + 1} of {len(done)} never reached the page; {seen[-3:]}")
    late.append((seen[at][0] - t) * 1e-9)
late.sort()
p = lambda share: late[min(len(late) - 1, int(share * len(late)))]
print(f"{len(done)} frames in {took:.1f} s ({len(done) / took:.0f}/s), {len(seen)} answers: from done to the page 50 % {p(.5):.2f} s, 95 % {p(.95):.2f} s, longest {late[-1]:.2f} s; load {os.getloadavg()[0]:.1f}")
sys.exit(0 if p(.95) < 2 else 1)
