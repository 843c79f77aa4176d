#!/usr/bin/env python3
"""Many subscribers, many comments, and workers that are killed in the middle of it: is everybody told of everything once?

    soak.py --postil target/release/postil --subscribers 10000 --comments 100 --kills 10 --postgres postgres://USER@HOST:PORT/postgres

Without --postgres: one instance on SQLite. It needs aiosmtpd (pip), and for PostgreSQL the program psql. Subscribers are
written into the database; everything else is the program itself. News of a thread is gathered beyond three letters an hour, so the
script moves the outbox's times back by an hour between bursts, as if an hour had gone by.
"""
import argparse, collections, email, glob, json, os, random, re, shutil, signal, socket, sqlite3, subprocess, sys
import tempfile, threading, time, urllib.parse, urllib.request, uuid

from aiosmtpd.controller import Controller

SITE, ORIGIN = "blog", "https://blog.example"
HOUR = 3600 * 1_000_000
WAITING = "SELECT COUNT(*) FROM outbox WHERE state = 'waiting'"


def due():
    """How many rows wait, but for those that are gathered for an hour, as a query."""
    return f"{WAITING} AND due_at < {int((time.time() + 120) * 1_000_000)}"


class Sink:
    """A mail server that keeps, of every letter, whom it is for, its Message-ID and the comments that it tells."""

    def __init__(self):
        self.lock, self.letters = threading.Lock(), []

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


def call(url, body=None):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--postil", required=True)
    args.add_argument("--subscribers", type=int, default=200)
    args.add_argument("--comments", type=int, default=10)
    args.add_argument("--burst", type=int, default=10, help="comments at a time; a letter tells of 20 at most, some from the burst before")
    args.add_argument("--kills", type=int, default=1)
    args.add_argument("--postgres")
    args.add_argument("--seconds", type=int, default=3600, help="give up after so many")
    args = args.parse_args()
    random.seed(7)
    directory = tempfile.mkdtemp(prefix="postil-soak-")
    sink = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    database = Postgres(args.postgres) if args.postgres else Sqlite(directory)
    common = [f"--data-dir={directory}", *database.flags]
    subprocess.run([args.postil, "site", "add", SITE, "--origin", ORIGIN, *common], check=True, stdout=subprocess.DEVNULL)
    serve = [args.postil, "serve", "--listen=127.0.0.1:0", "--no-demo", "--rate-comments=0", "--log=error", "--mail-quiet-seconds=2",
             f"--smtp=smtp://127.0.0.1:{port}", "--mail-from=a@example.org", *common]
    instances = [Instance(serve) for _ in range(2 if args.postgres else 1)]
    began = time.monotonic()
    try:
        page = f"{ORIGIN}/a"
        query = urllib.parse.urlencode({"site": SITE, "url": page})
        thread = uuid.UUID(call(f"{instances[0].url}/v1/threads?{query}")["thread"]["id"])
        wanted, unwanted = subscribe(database, thread, args.subscribers)
        print(f"{len(wanted)} confirmed subscribers, {len(unwanted)} unconfirmed, {len(instances)} instance(s)")
        comments, kills = [], args.kills
        bursts = -(-args.comments // args.burst)
        for burst in range(bursts):
            for _ in range(min(args.burst, args.comments - len(comments))):
                body = {"site": SITE, "url": page, "body": f"No {len(comments)}"}
                comments.append(call(f"{random.choice(instances).url}/v1/comments", body)["id"])
            left = bursts - burst - 1
            now = min(kills, -(-kills // (left + 1)))
            kills -= now
            settle(database, instances, sink, len(wanted), now, began + args.seconds)
            database.run(f"UPDATE outbox SET due_at = due_at - {HOUR};")
            print(f"burst {burst + 1}/{bursts}: {len(sink.letters)} letters after {time.monotonic() - began:.0f} s", flush=True)
        while database.one(WAITING):
            settle(database, instances, sink, len(wanted), 0, began + args.seconds)
            database.run(f"UPDATE outbox SET due_at = due_at - {HOUR};")
        judged = judge(sink.letters, comments, wanted, unwanted, args.kills, time.monotonic() - began)
    finally:
        for instance in instances:
            instance.kill()
        used = sum(instance.seconds for instance in instances)
        print(f"processor time: the service {used:.0f} s, this script {time.process_time():.0f} s, the database server apart")
        controller.stop()
        database.drop()
        shutil.rmtree(directory)
    return judged


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


def settle(database, instances, sink, readers, kills, deadline):
    """Kills workers while they are at it, and waits until only that waits which is gathered for an hour."""
    before = len(sink.letters)
    for mark in sorted(random.random() for _ in range(kills)):
        # Somewhere between the first letter of the burst and the last; or before the first.
        while len(sink.letters) < before + mark * readers and database.one(due()):
            time.sleep(0.05)
        victim = random.choice(instances)
        victim.kill()
        print(f"  killed after {len(sink.letters) - before} letters of the burst", flush=True)
        if len(instances) == 1:
            # As if its leases had run out: nobody else is at work.
            database.run("UPDATE outbox SET lease_until = NULL;")
        time.sleep(random.uniform(0, 1))
        victim.start()
    while database.one(due()):
        if time.monotonic() > deadline:
            sys.exit(f"FAILED: {database.one(WAITING)} rows still wait")
        time.sleep(1)


def judge(letters, comments, wanted, unwanted, kills, seconds):
    told, copies = collections.defaultdict(lambda: collections.defaultdict(set)), 0
    seen = {}
    for address, message, about in letters:
        if seen.setdefault(message, (address, about)) != (address, about):
            sys.exit(f"FAILED: two different letters are called {message}")
        for comment in about:
            told[address][comment].add(message)
    copies = len(letters) - len(seen)
    strangers = set(told) - wanted
    missed = sum(1 for address in wanted for comment in comments if not told[address][comment])
    twice = sum(1 for address in wanted for comment in comments if len(told[address][comment]) > 1)
    print(f"{len(comments)} comments, {len(letters)} letters to {len(wanted)} readers in {seconds:.0f} s, {kills} kills")
    print(f"missed: {missed}, told twice in different letters: {twice}, second copies of a letter (same Message-ID): {copies}, "
          f"letters to the unconfirmed: {len(strangers & unwanted)}, to anybody else: {len(strangers - unwanted)}")
    is_well = not (missed or twice or strangers)
    print("PASSED" if is_well else "FAILED")
    return 0 if is_well else 1


sys.exit(main())
