"""What tests with whole services share: instances, their database, a mail server that keeps what it takes, and subscribers."""
import email, glob, json, os, re, shutil, signal, socket, sqlite3, subprocess, sys, threading, time, urllib.request, uuid

from aiosmtpd.controller import Controller

SITE, ORIGIN = "blog", "https://blog.example"
HOUR = 3600 * 1_000_000
WAITING = "SELECT COUNT(*) FROM outbox WHERE state = 'waiting'"


def due():
    """How many rows wait, but for those that are gathered for an hour, as a query."""
    return f"{WAITING} AND due_at < {int((time.time() + 120) * 1_000_000)}"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Sink:
    """A mail server that keeps, of every letter, whom it is for, its Message-ID and the comments that it tells."""

    def __init__(self):
        self.lock, self.letters, self.port = threading.Lock(), [], free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=60)
        self.controller.start()

    def stop(self):
        self.controller.stop()

    async def handle_DATA(self, server, session, envelope):
        # Read as an older Python does, which takes a tenth of the time.
        letter = email.message_from_bytes(envelope.content)
        text = letter.get_payload(0).get_payload(decode=True).decode()
        told = frozenset(re.findall(r"#postil-([0-9a-f-]{36})", text))
        with self.lock:
            self.letters.append((envelope.rcpt_tos[0], letter["Message-ID"], told))
        return "250 taken"


class Sqlite:
    def __init__(self, directory):
        self.path, self.flags = f"{directory}/postil.db", []

    def run(self, statements):
        with sqlite3.connect(self.path, timeout=60) as conn:
            conn.executescript("BEGIN IMMEDIATE;" + statements + "COMMIT;")

    def one(self, query):
        conn = sqlite3.connect(self.path, timeout=60)
        try:
            return conn.execute(query).fetchone()[0]
        finally:
            conn.close()

    def blob(self, raw):
        return f"X'{raw.hex()}'"

    def drop(self):
        pass


class Postgres:
    def __init__(self, server):
        self.server, self.name = server, "postil_soak_" + uuid.uuid4().hex
        self.psql = shutil.which("psql") or sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))[-1]
        self.call(server, f"CREATE DATABASE {self.name}")
        self.url = server.rsplit("/", 1)[0] + "/" + self.name
        self.flags = [f"--database={self.url}"]

    def call(self, url, statements):
        done = subprocess.run([self.psql, url, "-v", "ON_ERROR_STOP=1", "-Atq"], input=statements, text=True, capture_output=True)
        if done.returncode:
            sys.exit(done.stderr)
        return done.stdout

    def run(self, statements):
        self.call(self.url, "BEGIN;" + statements + "COMMIT;")

    def one(self, query):
        out = self.call(self.url, query).strip()
        return bytes.fromhex(out[2:]) if out.startswith("\\x") else int(out)

    def blob(self, raw):
        return f"'\\x{raw.hex()}'"

    def drop(self):
        self.call(self.server, f"DROP DATABASE {self.name} WITH (FORCE)")


class Instance:
    def __init__(self, flags):
        self.flags, self.seconds = flags, 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.flags, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.url = line.removeprefix("Listening on ").strip()
        if not self.url:
            sys.exit("the service does not start")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        _, self.process.returncode, used = os.wait4(self.process.pid, 0)
        self.seconds += used.ru_utime + used.ru_stime


def call(url, body=None, headers={}):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def subscribe(database, thread, count):
    site = database.one("SELECT id FROM sites")
    wanted, unwanted, statements = set(), set(), []
    for index in range(count + count // 20):
        mailbox, choice = database.blob(uuid.uuid4().bytes), database.blob(uuid.uuid4().bytes)
        is_confirmed = index < count
        address = f"reader{index}@d{index % 50}.example"
        (wanted if is_confirmed else unwanted).add(address)
        state = "active" if is_confirmed else "pending"
        statements.append(
            f"INSERT INTO mailboxes (id, site_id, email, folded, locale, created_at) VALUES "
            f"({mailbox}, {database.blob(site)}, '{address}', '{address}', 'en', 1);"
            f"INSERT INTO subscriptions (id, mailbox_id, site_id, scope, target, thread_id, frequency, state, form, asked_at, expires_at)"
            f" VALUES ({choice}, {mailbox}, {database.blob(site)}, 'thread', {database.blob(thread.bytes)}, "
            f"{database.blob(thread.bytes)}, 'instant', '{state}', 'subscribe', 1, {2**62});")
    database.run("\n".join(statements))
    return wanted, unwanted
