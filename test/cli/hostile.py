"""Names that a shell, SQL, a terminal or JSON could trip over, through every command that takes or shows one. In a folder with
out/xfelx.db that knows one run. Prints nothing but what went wrong, and one line at the end."""
import json, os, random, subprocess

random.seed(20261126)
FIXED = ["it's", '"quoted"', "$(touch pwned)", "`touch pwned`", "; touch pwned;", "| touch pwned", "&& touch pwned", "-rf", "--help", "-", "--",
         "a\nb", "a\tb", "'; DROP TABLE tag; --", "\" OR 1=1 --", "%s%n%d%999999d", "\\x41\\n\\", "日本語", "μm Å", "😀", "../../etc/passwd", "a,b", "a=b",
         "a=b.phil", "x.phil", "\x1b[31mred\x1b[0m", "\x07bell", "\x7f", "null", "NULL", "None", "Auto", "*", "?[a]{b}", "~root", "$HOME", "${HOME}",
         "a:1", ":", "12", "12-15", "12#7", "#", "list", "show", "add", "<b>&amp;</b>", "{\"a\":1}", "[]", "\u202ertl", "e\u0301", "\u200b", "\ufeffbom",
         "a b  c", "\\", "'", "\"", "''", "a'b\"c`d", "x" * 128, "é" * 128, "a" + "\u0300" * 100, "@file", "!!", "^a^b", "a;b", "(a)", "$((1+1))", "%2e%2e"]
ALPHABET = "abc \t\n'\"`$(){}[]<>|&;*?!#~%^\\/=+-_.,:@é日😀\x01\x1b"
NAMES = list(FIXED)
while len(NAMES) < 100:
    n = "".join(random.choice(ALPHABET) for _ in range(random.randrange(1, 60))).strip()
    if n and n not in NAMES:
        NAMES.append(n)
wrong = 0


def run(*words, code=0):
    global wrong
    p = subprocess.run(["xfelx", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if p.returncode != code:
        wrong += 1
        print("xfelx", words, "->", p.returncode, p.stderr.decode("utf-8", "replace"))
    for stream in (p.stdout, p.stderr):
        if any(c < 32 and c != 10 or c == 127 for c in stream):
            wrong += 1
            print("xfelx", words, "sends control characters to a terminal")
    return p.stdout.decode("utf-8")


def same(what, got, want):
    global wrong
    if got != want:
        wrong += 1
        print(what, "is", repr(got), "and should be", repr(want))


IN = ["--in", "out"]
run("tag", "add", *IN, "--", *NAMES)
same("tags", sorted(t["name"] for t in json.loads(run("tag", "list", "--json", *IN))["tags"]), sorted(NAMES))
run("tag", "list", *IN)
for i, name in enumerate(NAMES):
    some = i % 5 == 0  # what costs a process each
    run("run", "tag", *IN, "--", "1", name)
    if not some:
        continue
    run("run", "comment", *IN, "--", "1", name)
    run("run", "note", *IN, "--", "1", name)
    r = json.loads(run("run", "show", "1", "--json", *IN))[0]
    same("comment", r["run"][0]["comment"], name)
    same("note", r["notes"][0]["text"], name)
    same("runs with the tag", len(json.loads(run("run", "list", "--json", *IN, "--tag=" + name))["runs"]), 1)
    run("run", "show", "1", *IN)
    run("tag", "edit", *IN, "--comment=" + name, "--rename=z" + name[:127], "--", name)
    run("tag", "edit", *IN, "--rename=" + name, "--", "z" + name[:127])
    run("task", "add", *IN, "--kind", "script", "--command=" + name, "--resource", "mp.nnodes=2", "--", name)
    run("dataset", "add", *IN, "--comment=" + name, "--tag=" + name, "--task=" + name, "--", name)
    run("dataset", "show", *IN, "--", name)
    run("task", "show", *IN, "--", name)
    run("tag", "remove", *IN, "--", name, code=2)
    run("trial", "comment", *IN, "--", "1", name)
same("tags of the run", sorted(json.loads(run("run", "list", "--json", *IN))["runs"][0]["tags"]), sorted(NAMES))
run("run", "list", *IN)
sets = {d["dataset"]: d for d in json.loads(run("dataset", "list", "--json", *IN))["datasets"]}
same("datasets", sorted(sets), sorted(NAMES[::5]))
for name, d in sets.items():
    same("dataset", (d["tags"], d["tasks"][0]["task"], d["comment"], d["runs"]), ([name], name, name, 1))
same("tasks", sorted((t["task"], t["text"]) for t in json.loads(run("task", "list", "--json", *IN))["revisions"]), sorted((n, n) for n in NAMES[::5]))
for listing in ("dataset", "task", "trial", "job"):
    run(listing, "list", *IN)
for bad in ("x" * 129, "x" * 255, " a", "a ", "\udcff".encode("utf-8", "surrogateescape")):
    run("tag", "add", *IN, "--", bad, code=2)
same("files that were made", [f for f in ("pwned", "out/pwned") if os.path.exists(f)], [])
print(len(NAMES), "names,", wrong, "wrong")
