#!/usr/bin/env python3
"""Two instances on one PostgreSQL, under load, while what can fail does: is anything lost that was acknowledged?

    faults.py --postil target/debug/postil --postgres postgres://USER:PASSWORD@HOST:PORT/postgres --restart "pg_ctl restart …"

An instance is killed; PostgreSQL is restarted; one instance is cut off from it and let back. Meanwhile writers write, as the widget does:
the same request again, with its Idempotency-Key, until it is answered. Readers follow the thread live and come back with the last id they saw.
In the end every acknowledged comment is on the page of both instances, every reader has seen the same, and the one subscriber was told of all.
The database asks for serializable transactions by default, as some do. With --pgbouncer, the first instance reaches its database through
one that gives each transaction another connection, and hears of the other over a connection of its own.
"""
import argparse, json, os, random, shutil, subprocess, sys, tempfile, threading, time, urllib.error, urllib.parse, urllib.request, uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mail"))
from rig import HOUR, ORIGIN, SITE, WAITING, Instance, Postgres, Sink, call, free_port, subscribe

WRITERS, READERS = 4, 3
PAGE = f"{ORIGIN}/a"
QUERY = urllib.parse.urlencode({"site": SITE, "url": PAGE})


class Link:
    """A way to a server that can be cut: what is open goes silent, as when a cable is pulled, and nothing new comes through."""

    def __init__(self, host, port):
        import asyncio

        self.asyncio, self.target, self.is_cut, self.port = asyncio, (host, port), False, free_port()
        self.loop = asyncio.new_event_loop()
        self.tasks = set()
        ready = threading.Event()
        threading.Thread(target=self.serve, args=(ready,), daemon=True).start()
        ready.wait()

    def serve(self, ready):
        async def begin():
            await self.asyncio.start_server(self.join, "127.0.0.1", self.port)
            ready.set()

        self.loop.run_until_complete(begin())
        self.loop.run_forever()

    async def join(self, reader, writer):
        try:
            there_reader, there_writer = await self.asyncio.open_connection(*self.target)
        except OSError:
            return writer.close()
        await self.asyncio.gather(self.carry(reader, there_writer), self.carry(there_reader, writer), return_exceptions=True)

    async def carry(self, source, sink):
        try:
            while data := await source.read(65536):
                while self.is_cut:
                    await self.asyncio.sleep(0.05)
                sink.write(data)
                await sink.drain()
        finally:
            sink.close()


class Load:
    """Writers that do not give up, and what was acknowledged to them."""

    def __init__(self, instances):
        self.instances, self.acknowledged, self.lock, self.is_over = instances, [], threading.Lock(), False
        self.refused = 0
        self.threads = [threading.Thread(target=self.write, args=(index,)) for index in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def write(self, index):
        count = 0
        while not self.is_over:
            count += 1
            body = {"site": SITE, "url": PAGE, "body": f"Writer {index} says {count}", "author": {"name": f"Writer {index}"}}
            key, answer = str(uuid.uuid4()), None
            while answer is None:
                # Whichever is there: a reader's browser knows only the address that both answer behind.
                url = f"{random.choice(self.instances).url}/v1/comments"
                try:
                    answer = call(url, body, {"Idempotency-Key": key})
                except urllib.error.HTTPError as error:
                    if error.code not in (503, 500):
                        raise
                    self.refused += 1
                    time.sleep(0.05)
                except (OSError, ValueError):
                    self.refused += 1
                    time.sleep(0.05)
            with self.lock:
                self.acknowledged.append(answer["id"])

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


class Reader(threading.Thread):
    """Follows the thread live, on whichever instance is there, and comes back with the last id seen."""

    def __init__(self, instances, thread):
        super().__init__(daemon=True)
        self.instances, self.path, self.seen, self.last, self.returns = instances, f"/v1/threads/{thread}/events", [], 0, 0
        self.start()

    def run(self):
        while True:
            self.returns += 1
            headers = {"Last-Event-ID": str(self.last)}
            request = urllib.request.Request(random.choice(self.instances).url + self.path, headers=headers)
            try:
                # A stream says every 20 s that it is still there.
                with urllib.request.urlopen(request, timeout=30) as stream:
                    self.follow(stream)
            except OSError:
                time.sleep(0.1)

    def follow(self, stream):
        event = {}
        for line in stream:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "":
                if event.get("event") == "comment.created":
                    self.seen.append((int(event["id"]), json.loads(event["data"])["comment"]["id"]))
                if "id" in event:
                    self.last = int(event["id"])
                event = {}
            else:
                event[name] = value


def published(instance):
    """All comments of the page, as an instance shows them."""
    found, after = [], ""
    thread = call(f"{instance.url}/v1/threads?{QUERY}")["thread"]["id"]
    while True:
        page = call(f"{instance.url}/v1/threads/{thread}/comments?sort=oldest&limit=100{after}")
        found += [comment["id"] for comment in page["items"]]
        if not page["next"]:
            return found
        after = f"&after={page['next']}"


def eventually(what, seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"FAILED: {what}: not within {seconds} s")
        time.sleep(0.2)


def pooler(directory, database):
    """pgbouncer before the database, a connection for each transaction: its address, and the process."""
    port, server = free_port(), urllib.parse.urlsplit(database.url)
    name = server.path.lstrip("/")
    with open(f"{directory}/users", "w") as users:
        users.write(f'"{server.username}" "{server.password or ""}"\n')
    with open(f"{directory}/pgbouncer.ini", "w") as settings:
        settings.write(f"[databases]\n{name} = host={server.hostname} port={server.port} user={server.username} password={server.password or ''}\n"
                       f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = plain\nauth_file = {directory}/users\n"
                       "pool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 100\nserver_login_retry = 1\n")
    command = [shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", f"{directory}/pgbouncer.ini"]
    if os.geteuid() == 0:
        # It refuses to run as root, and has to read its settings.
        os.chmod(directory, 0o755)
        command[1:1] = ["-u", "postgres"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return f"postgres://{server.username}:{server.password or ''}@127.0.0.1:{port}/{name}", process


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--postil", required=True)
    args.add_argument("--postgres", required=True)
    args.add_argument("--restart", required=True, help="a command that restarts that PostgreSQL")
    args.add_argument("--pgbouncer", action="store_true", help="the first instance goes through pgbouncer")
    args.add_argument("--rounds", type=int, default=1, help="how often each fault happens")
    args.add_argument("--seconds", type=float, default=2, help="of load between two faults")
    args = args.parse_args()
    random.seed(7)
    directory = tempfile.mkdtemp(prefix="postil-faults-")
    sink = Sink()
    database = Postgres(args.postgres)
    database.call(database.server, f"ALTER DATABASE {database.name} SET default_transaction_isolation = 'serializable'")
    server = urllib.parse.urlsplit(database.url)
    link = Link(server.hostname, server.port)
    linked = database.url.replace(f":{server.port}/", f":{link.port}/")
    first, bouncer = [f"--database={database.url}"], None
    if args.pgbouncer:
        pooled, bouncer = pooler(directory, database)
        first = [f"--database={pooled}", f"--direct-database={database.url}"]
    common = [f"--data-dir={directory}"]
    subprocess.run([args.postil, "site", "add", SITE, "--origin", ORIGIN, *common, *database.flags], check=True, stdout=subprocess.DEVNULL)
    serve = [args.postil, "serve", "--listen=127.0.0.1:0", "--no-demo", "--fetch-pages=false", "--rate-comments=0", "--log=error", "--mail-quiet-seconds=1",
             f"--smtp=smtp://127.0.0.1:{sink.port}", "--mail-from=a@example.org", *common]
    instances = [Instance([*serve, *first]), Instance([*serve, f"--database={linked}"])]
    load = None
    try:
        thread = uuid.UUID(call(f"{instances[0].url}/v1/threads?{QUERY}")["thread"]["id"])
        [reader], _ = subscribe(database, thread, 1)
        load = Load(instances)
        readers = [Reader(instances, thread) for _ in range(READERS)]

        def kill(index):
            instances[index].kill()
            time.sleep(args.seconds / 2)
            instances[index].start()

        def cut():
            link.is_cut = True
            time.sleep(args.seconds)
            link.is_cut = False

        faults = {
            "the first instance was killed": lambda: kill(0),
            "the second instance was killed": lambda: kill(1),
            "PostgreSQL was restarted": lambda: subprocess.run(args.restart, shell=True, check=True, stdout=subprocess.DEVNULL),
            "the second instance was cut off and let back": cut,
        }
        for _ in range(args.rounds):
            for name, fault in random.sample(sorted(faults.items()), len(faults)):
                time.sleep(args.seconds)
                before = len(load.acknowledged)
                fault()
                eventually(f"after {name}, comments are taken", 60, lambda: len(load.acknowledged) > before + WRITERS)
                print(f"{name}; {len(load.acknowledged)} comments so far", flush=True)
        time.sleep(args.seconds)
        load.end()
        wanted = load.acknowledged
        if len(set(wanted)) != len(wanted):
            sys.exit("FAILED: one comment was acknowledged as two")
        shown = published(instances[0])
        eventually("both instances show the same", 30, lambda: published(instances[1]) == shown)
        if lost := set(wanted) - set(shown):
            sys.exit(f"FAILED: {len(lost)} acknowledged comments are lost")
        if extra := set(shown) - set(wanted):
            sys.exit(f"FAILED: {len(extra)} comments that nobody was told of")
        eventually("every reader has heard of everything", 60, lambda: all({id for _, id in reader.seen} == set(shown) for reader in readers))
        for reader_ in readers:
            versions = [version for version, _ in reader_.seen]
            if versions != sorted(set(versions)):
                sys.exit("FAILED: a reader heard of something twice, or out of order")
        eventually("the subscriber's letters leave", 120, lambda: left(database) == len(shown))
        copies = {}
        for address, message, about in sink.letters:
            if address != reader or not about <= set(shown):
                sys.exit("FAILED: a letter to somebody else, or about something else")
            for id in about:
                if copies.setdefault(id, message) != message:
                    sys.exit("FAILED: one comment was told in two letters")
        print(f"{len(shown)} comments, {load.refused} refusals, {sum(one.returns for one in readers) - READERS} returns of live readers, "
              f"{len(sink.letters)} letters")
        print("PASSED")
    finally:
        if load:
            load.is_over = True
        for instance in instances:
            instance.kill()
        if bouncer:
            bouncer.kill()
        sink.stop()
        database.drop()
        shutil.rmtree(directory)


def left(database):
    """How many pieces of news have left, if none waits; whatever is gathered for an hour leaves now. A letter shows the first twenty
    comments that it is about, so letters alone do not say it."""
    if database.one(WAITING):
        database.run(f"UPDATE outbox SET due_at = due_at - {HOUR} WHERE state = 'waiting' AND lease_until IS NULL;")
        database.run(f"UPDATE outbox SET due_at = due_at - {HOUR} WHERE state = 'done';")
        return 0
    return database.one("SELECT COUNT(*) FROM outbox WHERE kind = 'comment.news' AND state = 'done'")

main()
