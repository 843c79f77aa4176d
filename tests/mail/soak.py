#!/usr/bin/env python3
"""Many subscribers, many comments, and workers that are killed in the middle of it: is everybody told of everything once?

    soak.py --postil target/release/postil --subscribers 10000 --comments 100 --kills 10 --postgres postgres://USER@HOST:PORT/postgres

Without --postgres: one instance on SQLite. It needs aiosmtpd (pip), and for PostgreSQL the program psql. Subscribers are
written into the database; everything else is the program itself. News of a thread is gathered beyond three letters an hour, so the
script moves the outbox's times back by an hour between bursts, as if an hour had gone by.
"""
import argparse, collections, random, shutil, subprocess, sys, tempfile, time, urllib.parse, uuid

from rig import HOUR, ORIGIN, SITE, WAITING, Instance, Postgres, Sink, Sqlite, call, due, subscribe


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
    database = Postgres(args.postgres) if args.postgres else Sqlite(directory)
    common = [f"--data-dir={directory}", *database.flags]
    subprocess.run([args.postil, "site", "add", SITE, "--origin", ORIGIN, *common], check=True, stdout=subprocess.DEVNULL)
    serve = [args.postil, "serve", "--listen=127.0.0.1:0", "--no-demo", "--fetch-pages=false", "--rate-comments=0", "--log=error", "--mail-quiet-seconds=2",
             f"--smtp=smtp://127.0.0.1:{sink.port}", "--mail-from=a@example.org", *common]
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
        sink.stop()
        database.drop()
        shutil.rmtree(directory)
    return judged


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
