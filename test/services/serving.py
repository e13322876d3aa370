"""serving.py - what the tests with real servers share: start and stop them, run a program, and count in TAP.

    with Service("mariadb", MARIADB_CERT="expired") as db:
        out = run("mariadb", "--port", db["XFELX_DB_PORT"], ...)

A service lives in a folder of its own and is stopped at the end of the block; a guard stops it even when the test is killed. Where
its packages are not installed, the test is skipped with the server's own message.
"""
import os, shutil, subprocess, sys, tempfile, traceback

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
program = os.path.abspath(os.environ.get("XFELX", os.path.join(root, "build", "xfelx")))


class Skipped(Exception):
    pass


class Service:
    """A server of test/services. service["NAME"] is a variable it printed; service.env the environment for its clients."""

    def __init__(self, name, **options):
        self.name, self.options = name, {k: str(v) for k, v in options.items()}
        self.folder = tempfile.mkdtemp(prefix="xfelx_", dir="/tmp")
        os.chmod(self.folder, 0o755)  # some servers change their user
        self.variables = {}

    def verb(self, verb, *arguments, check=True):
        env = dict(os.environ, XFELX_SERVICE_OWNER=str(os.getpid()), **self.options)
        p = subprocess.run([os.path.join(here, self.name), verb, self.folder, *map(str, arguments)], env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200, universal_newlines=True)
        if p.returncode == 77:
            raise Skipped(p.stderr.split("SKIP ")[-1].strip())
        if check and p.returncode:
            raise AssertionError(f"{self.name} {verb}: code {p.returncode}\n{p.stdout}{p.stderr}")
        return p

    def start(self, **options):
        """Starts it, or what of it is not running."""
        self.options.update({k: str(v) for k, v in options.items()})
        self.variables = dict(line.split("=", 1) for line in self.verb("start").stdout.splitlines())
        self.env = dict(os.environ, LC_ALL="C", **self.variables)
        return self

    def stop(self):
        self.verb("stop")

    def kill(self, *daemon):
        """kill -9 of everything, or of one daemon."""
        self.verb("kill", *daemon)

    def running(self):
        return self.verb("status", check=False).returncode == 0

    def processes(self):
        """Ids of every process that belongs to this service, jobs included."""
        mark, found = f"XFELX_SERVICE={self.folder}/".encode(), []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if any(v.startswith(mark) for v in open(f"/proc/{pid}/environ", "rb").read().split(b"\0")):
                    found.append(int(pid))
            except OSError:
                pass
        return found

    def __getitem__(self, name):
        return self.variables[name]

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, kind, value, trace):
        if kind and not issubclass(kind, Skipped):
            sys.stdout.write("".join(f"# {line}\n" for line in self.verb("logs", check=False).stderr.splitlines()))
        self.remove()

    def remove(self):
        self.verb("stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    """test/services/proxy.c before a port or socket: with Proxy(3306) as p: connect to p.port; p("cut down 100")."""

    def __init__(self, server, *rules):
        build = os.path.dirname(program)
        proxy = os.path.join(build, "test", "services", "proxy")
        run("make", "-s", "BUILD=" + os.path.relpath(build, root), os.path.relpath(proxy, root), cwd=root, timeout=600)
        self.process = subprocess.Popen([proxy, str(server), *rules], stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
        self.port = int(self.process.stdout.readline())
        for rule in rules:
            assert self.process.stdout.readline() == "ok\n", rule

    def __call__(self, rule):
        """Gives it a rule and returns its answer; connections made from now on follow it."""
        self.process.stdin.write(rule + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer and not answer.startswith("no rule"), answer
        return answer

    def count(self):
        """Connections made so far, bytes up and down of the last."""
        words = self("count").split()
        return int(words[1]), int(words[3]), int(words[5])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def run(*command, env=None, code=0, input=None, timeout=120, **more):
    """A program's output, both streams; fails when it ends with another code. code=None: any."""
    p = subprocess.run([str(c) for c in command], env=env, input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                       universal_newlines=True, **more)
    assert code is None or p.returncode == code, f"{' '.join(map(str, command))}: code {p.returncode}, not {code}\n{p.stdout}"
    return p.stdout


def needs(*programs):
    for name in programs:
        if not shutil.which(name):
            raise Skipped(f"{name} is not installed")


_cases = []


def case(function):
    """A test: its first line of documentation is its name."""
    _cases.append(function)
    return function


def main():
    """Runs the cases whose names hold one of the arguments, all without any."""
    chosen = [c for c in _cases if not sys.argv[1:] or any(a in c.__doc__ for a in sys.argv[1:])]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, function in enumerate(chosen, 1):
        title = f"{number} - {function.__doc__.splitlines()[0]}"
        try:
            function()
            print(f"ok {title}", flush=True)
        except Skipped as why:
            print(f"ok {title} # SKIP {' '.join(str(why).split())}", flush=True)
        except Exception:
            failed += 1
            text = traceback.format_exc()
            print(f"not ok {title}\n" + "\n".join("# " + line for line in text.splitlines()), flush=True)
    sys.exit(1 if failed else 0)
