#!/usr/bin/python3
"""pictures.py [--keep FOLDER] [--runs N] [FILES...]: how long the viewer waits for a frame, as a browser asks: `picture`, then the tile of the
whole.

Without FILES, files of several kinds are made: NXmx of 4.5 Mpx (Eiger; gzip as simulate writes it, and bitshuffle with LZ4 where hdf5plugin
is there), of eight modules (JUNGFRAU), and Rayonix, two files each. With FILES (of one run, in order) these. Each kind is processed (no
indexing), served, and looked at by a server just started: the first frame, another of the same file, the first of another file, one that
was looked at before; then with a short rest between frames, as somebody steps through them. Times in ms, p50 and p95, whole requests over
loopback.
"""
import argparse, http.client, json, os, shutil, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
program = os.path.abspath(os.environ.get("XFELX", os.path.join(here, "..", "..", "build", "xfelx")))


def run(*words, cwd):
    p = subprocess.run([program, *words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if p.returncode not in (0, 3):
        sys.exit(f"{words}: {p.returncode}\n{p.stdout[-800:]}")


def repack(source, target):
    """The same images as Eiger writes them."""
    import h5py, hdf5plugin

    shutil.copy(source, target)
    with h5py.File(target, "r+") as f:
        images = f["/entry/data/data"][()]
        attributes = dict(f["/entry/data/data"].attrs)
        del f["/entry/data/data"]
        made = f.create_dataset("/entry/data/data", data=images, chunks=(1, *images.shape[1:]), **hdf5plugin.Bitshuffle(nelems=0, lz4=True))
        made.attrs.update(attributes)


class Server:
    def __init__(self, folder):
        self.process = subprocess.Popen([program, "status", "--serve", "0", "--no-token", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
        for line in self.process.stdout:
            if line.startswith("serving "):
                self.line = http.client.HTTPConnection(line.split("//")[1].split("/")[0], timeout=60)
                return
        sys.exit("the server did not begin")

    def get(self, path):
        start = time.perf_counter()
        self.line.request("GET", "/api/v1/" + path, headers={"Accept-Encoding": "gzip"})
        answer = self.line.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {body[:300]}")
        return 1000 * (time.perf_counter() - start), (json.loads(body) if answer.headers["Content-Encoding"] is None and body[:1] == b"{" else body)

    def frames(self):
        import gzip

        out = set()
        for kind in ("indexed", "should_index", "hits", "failed"):
            body = self.get(f"frames?job=1&list={kind}")[1]
            body = body if isinstance(body, dict) else json.loads(gzip.decompress(body))
            out |= {(f["source"], f["frame"]) for f in body["frames"]}
        return sorted(out)

    def look(self, frame):
        path = f"frames/1/{frame[0]}/{frame[1]}"
        one = self.get(f"{path}/picture")[0]
        return one, one + self.get(f"{path}/tile?level=1&column=0&row=0")[0]

    def end(self):
        self.process.terminate()
        self.process.wait()


def say(name, times):
    def at(share, k):
        values = sorted(t[k] for t in times)
        return values[min(len(values) - 1, int(share * len(values)))]

    if times:
        print(f"  {name:34} {at(0.5, 0):6.1f} {at(0.95, 0):6.1f}   {at(0.5, 1):6.1f} {at(0.95, 1):6.1f}   {len(times):4}")


def measure(name, files, folder, runs):
    out = os.path.join(folder, "out_" + name)
    if not os.path.exists(out):
        run("process", *files, f"output.output_dir={out}", "dispatch.index=False", "dispatch.hit_finder.minimum_number_of_reflections=1", cwd=folder)
    first, same, other, again, walk = [], [], [], [], []
    for _ in range(runs):
        server = Server(out)
        frames = server.frames()
        for at, frame in enumerate(frames):
            kind = first if at == 0 else other if frame[0] != frames[at - 1][0] else same
            kind.append(server.look(frame))
        again.append(server.look(frames[-1]))
        server.end()
    server = Server(out)
    for frame in server.frames():
        time.sleep(0.15)
        walk.append(server.look(frame))
    server.end()
    print(f"{name}:{'':34} picture p50 p95   with tile p50 p95   n")
    for word, times in (("first frame of a new server", first), ("another frame of the same file", same), ("first frame of another file", other), ("seen before", again), ("stepping, 150 ms at each", walk)):
        say(word, times)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--keep")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("files", nargs="*")
    o = p.parse_args()
    folder = o.keep or tempfile.mkdtemp(prefix="xfelx_pictures_")
    os.makedirs(folder, exist_ok=True)
    if o.files:
        measure("files", [os.path.abspath(f) for f in o.files], folder, o.runs)
    else:
        for kind, words in (("eiger4M", ("--detector", "eiger4M")), ("jungfrau4M", ("--detector", "jungfrau4M")), ("rayonix", ("--detector", "rayonix"))):
            files = [f"{kind}_{k}.h5" for k in range(2)]
            for k, file in enumerate(files):
                if not os.path.exists(os.path.join(folder, file)):
                    run("simulate", file, "--frames", "12", "--seed", str(k + 1), *words, cwd=folder)
            measure(kind, files, folder, o.runs)
            if kind == "eiger4M":
                try:
                    for file in files:
                        if not os.path.exists(os.path.join(folder, "lz4_" + file)):
                            repack(os.path.join(folder, file), os.path.join(folder, "lz4_" + file))
                    measure("eiger4M_bslz4", ["lz4_" + f for f in files], folder, o.runs)
                except ImportError as e:
                    print(f"# no bitshuffle: {e}")
    if not o.keep:
        shutil.rmtree(folder)


main()
