"""terminal.py - a terminal for tests: a program on a pty, and what one would see on its screen; and `status --follow` on it.

Only the words that our screens use are known: another one fails the test.
"""
import fcntl, os, pty, re, select, signal, struct, subprocess, termios, time

from faults import program

WORD = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Terminal:
    """with Terminal([program, "status", "--follow"], columns=80, lines=24) as t: t.until(lambda: "run 3" in t.text()).

    lines(): the screen; other: it is the other screen, which leaves what was there alone; cursor: it is seen; n_bytes: how many came;
    settings(): those of the line, as before is before the program began.
    """

    def __init__(self, command, columns=80, lines=24, pace=None, **more):
        self.master, self.slave = pty.openpty()
        self.pace = pace  # (bytes, seconds): so many are read, then it rests so long
        self.resize(columns, lines)
        self.before = self.settings()
        self.other, self.cursor, self.wraps, self.n_bytes, self.rest, self.raw, self.colours = False, True, True, 0, b"", b"", 0

        def mine():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)

        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave, preexec_fn=mine, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        for fd in (self.master, self.slave):
            if fd is not None:
                os.close(fd)

    def settings(self):
        return termios.tcgetattr(self.slave)

    def resize(self, columns, lines):
        """As when a window's size is changed: the kernel tells the program."""
        self.columns, self.n_lines = columns, lines
        self.clear()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def clear(self):
        self.cells, self.at = [[" "] * self.columns for _ in range(self.n_lines)], [0, 0]

    def type(self, keys):
        os.write(self.master, keys)

    def hang_up(self):
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = None

    # ---- what is seen ----

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def text(self):
        return "\n".join(self.lines())

    def read(self, seconds):
        """Take what comes within this time, or until it rests."""
        if not select.select([self.master], [], [], seconds)[0]:
            return
        piece = os.read(self.master, self.pace[0] if self.pace else 65536)
        if self.pace:
            time.sleep(self.pace[1])
        self.n_bytes += len(piece)
        self.raw += piece
        self.take(self.rest + piece)

    def until(self, is_so, what, seconds=20):
        limit = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < limit, f"{what}: not within {seconds} s; on the screen:\n{self.text()}"
            self.read(0.05)

    def ended(self, seconds=20):
        """Wait for the end and read the rest; returns the code as subprocess does."""
        self.until(lambda: self.process.poll() is not None, "the end", seconds)
        while select.select([self.master], [], [], 0)[0]:
            self.read(0)
        return self.process.returncode

    # ---- what words do ----

    def take(self, data):
        self.rest = b""
        while data:
            if data[:1] == b"\x1b":
                word = WORD.match(data)
                if not word:
                    assert len(data) < 16, f"no word of a screen: {data[:16]}"
                    self.rest = data
                    return
                self.obey(*(part.decode() for part in word.groups()))
                data = data[word.end():]
                continue
            length = 1 if data[0] < 0x80 else 2 if data[0] < 0xE0 else 3 if data[0] < 0xF0 else 4
            if len(data) < length:
                self.rest = data
                return
            self.show(data[:length].decode())
            data = data[length:]

    def show(self, letter):
        if letter == "\n":
            self.at[0] += 1
        elif letter == "\r":
            self.at[1] = 0
        elif self.other:
            assert self.at[0] < self.n_lines and self.at[1] < self.columns, f"{letter!r} at {self.at} of {self.n_lines}, {self.columns}"
            self.cells[self.at[0]][self.at[1]] = letter
            self.at[1] += 1

    def obey(self, private, numbers, letter):
        if private:
            on, name = letter == "h", {"1049": "other", "25": "cursor", "7": "wraps"}[numbers]
            setattr(self, name, on)
        elif letter == "H":
            row, column = (int(n) for n in numbers.split(";"))
            assert 1 <= row <= self.n_lines and 1 <= column <= self.columns, f"line {row}, column {column}"
            self.at = [row - 1, column - 1]
        elif letter == "K":
            row, column = self.at
            self.cells[row][column:] = [" "] * (self.columns - column)
        elif letter == "J":
            assert numbers == "2"
            self.clear()
        elif letter == "m":
            self.colours += numbers not in ("", "0")
        else:
            raise AssertionError(f"unknown word {numbers}{letter}")


# ---- xfelx status --follow ----

RUN = "INSERT INTO run(ord,num,name,path,path_hash,facility,state,state_t,seen,n_files,n_here,bytes,bytes_here,readable,ignored) " \
      "VALUES({n},{n},'r{n:04d}',x'2f{n:04d}',x'{n:032d}','standalone',3,1,1,1,1,1,1,1,0)"


def follow(*arguments, env={}, **more):
    env = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **env}
    return Terminal([program, "status", "--follow", *arguments], env={k: v for k, v in env.items() if v is not None}, **more)


def is_shown(t, *words):
    """All of these, and the help below: the screen is complete."""
    t.until(lambda: all(w in t.text() for w in words) and "q quit" in t.lines()[-1], " and ".join(words))


def restored(t):
    assert not t.other and t.cursor and t.wraps, f"other screen {t.other}, cursor {t.cursor}, lines wrap {t.wraps}"
    assert t.settings() == t.before, "the settings of the line are others"


def quits_well(t):
    t.type(b"q")
    assert t.ended() == 0, t.process.returncode
    restored(t)


def ends_by(t, number):
    code = t.ended()
    assert code == -number, f"code {code}, not signal {number}"
    restored(t)
