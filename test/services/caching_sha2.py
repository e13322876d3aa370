"""caching_sha2.py - a protocol peer, not a server: it speaks just enough of MySQL 8 to log somebody in with caching_sha2_password.

Written from MySQL's documentation of the protocol ("Caching_sha2_password information", "Protocol::HandshakeV10"), since MariaDB 10.11
has no server side of it. Every statement after the login is answered with error 1142.

    with Peer("user", "password", "/tmp/sock", known=False) as peer: ...; peer.logins; peer.full; peer.seen

known: the server has the password's hash in its cache ("fast"): the scramble is all it wants. Otherwise it asks for the password
itself ("full"), which a client may send only where nobody can read it. path None: TCP, in peer.port.
"""
import hashlib, os, socket, struct, threading

PLUGIN = b"caching_sha2_password\0"
# LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, MULTI_RESULTS, PLUGIN_AUTH, PLUGIN_AUTH_LENENC
CAPABILITIES = 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x20000 | 0x80000 | 0x200000


def scramble(password, nonce):
    """XOR(SHA256(password), SHA256(SHA256(SHA256(password)), nonce))."""
    once = hashlib.sha256(password).digest()
    twice = hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest()
    return bytes(a ^ b for a, b in zip(once, twice))


class Peer:
    def __init__(self, user, password, path, known):
        self.user, self.password, self.known, self.path = user.encode(), password.encode(), known, path
        self.logins, self.full, self.seen = [], False, b""
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(path or ("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = None if path else self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.listener.close()
        if self.path:
            os.unlink(self.path)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    self.talk(connection)
                except (OSError, EOFError, struct.error, IndexError):
                    self.logins.append("broken off")

    # ---- packets: 3 bytes length, 1 byte number ----

    def send(self, c, body):
        c.sendall(struct.pack("<I", len(body))[:3] + bytes([self.number]) + body)
        self.number = (self.number + 1) & 255

    def exactly(self, c, n):
        data = b""
        while len(data) < n:
            more = c.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        self.seen += data
        return data

    def receive(self, c):
        head = self.exactly(c, 4)
        self.number = (head[3] + 1) & 255
        return self.exactly(c, int.from_bytes(head[:3], "little"))

    def error(self, c, number, text):
        self.send(c, b"\xff" + struct.pack("<H", number) + b"#42000" + text)

    # ---- the conversation ----

    def talk(self, c):
        self.number = 0
        nonce = bytes(1 + b % 126 for b in os.urandom(20))
        self.send(c, b"\x0a" + b"8.0.36\0" + struct.pack("<I", 7) + nonce[:8] + b"\0" + struct.pack("<H", CAPABILITIES & 0xffff) + b"\x2d" +
                  struct.pack("<HH", 2, CAPABILITIES >> 16) + bytes([21]) + bytes(10) + nonce[8:] + b"\0" + PLUGIN)
        answer = self.receive(c)
        user, _, rest = answer[32:].partition(b"\0")
        token = rest[1:1 + rest[0]]
        right = user == self.user and token == scramble(self.password, nonce)
        if self.known and right:
            self.send(c, b"\x01\x03")  # fast_auth_success
        elif not self.known and user == self.user:
            self.full = True
            self.send(c, b"\x01\x04")  # perform_full_authentication
            right = self.receive(c) == self.password + b"\0"
        if not right:
            self.logins.append("out")
            self.error(c, 1045, b"Access denied")
            return
        self.send(c, b"\x00\x00\x00\x02\x00\x00\x00")
        self.logins.append("in")
        while True:
            self.number = 0
            if self.receive(c)[:1] == b"\x01":  # COM_QUIT
                return
            self.error(c, 1142, b"command denied: this is a peer for logins")
