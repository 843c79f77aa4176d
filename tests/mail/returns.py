#!/usr/bin/env python3
"""Letters go out to a mail server, and what comes back is piped into `postil mail receive`, as a mail server does it.

    returns.py PATH-OF-POSTIL          (needs aiosmtpd from PyPI)
"""
import email, email.policy, json, re, socket, sqlite3, subprocess, sys, tempfile, time, urllib.parse, urllib.request, uuid

from aiosmtpd.controller import Controller

POSTIL, SITE, ORIGIN = sys.argv[1], "blog", "https://blog.example"
READERS = ["bounces@one.example", "complains@two.example", "leaves@three.example", "stays@four.example"]


class Sink:
    def __init__(self):
        self.letters = {}

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters[envelope.rcpt_tos[0]] = (envelope.mail_from, letter, envelope.content)
        return "250 taken"


def check(what, is_so, told=""):
    if not is_so:
        sys.exit(f"FAILED: {what}\n{told}")
    print(f"ok: {what}")


def report(to, about, action="failed", status="5.1.1"):
    return (f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
            f"Final-Recipient: rfc822; {about}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 {status} unknown\r\n\r\n--b--\r\n")


def complaint(returned):
    return (b"From: fbl@isp.example\r\nTo: abuse@example.org\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n"
            b"Feedback-Type: abuse\r\nUser-Agent: Isp/1\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + returned + b"\r\n--b--\r\n")


with tempfile.TemporaryDirectory() as directory:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()

    def postil(*line, stdin=b""):
        done = subprocess.run([POSTIL, *line, f"--data-dir={directory}"], input=stdin, capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def query(statement, *values):
        with sqlite3.connect(f"{directory}/postil.db", timeout=60) as conn:
            return conn.execute(statement, values).fetchall()

    postil("site", "add", SITE, "--origin", ORIGIN)
    service = subprocess.Popen(
        [POSTIL, "serve", "--listen=127.0.0.1:0", "--no-demo", "--fetch-pages=false", "--log=error", "--mail-quiet-seconds=0", f"--smtp=smtp://127.0.0.1:{port}",
         "--mail-from=a@example.org", "--mail-bounce-address=bounces@example.org", f"--data-dir={directory}"], stdout=subprocess.PIPE, text=True)
    try:
        url = service.stdout.readline().removeprefix("Listening on ").strip()
        page = f"{ORIGIN}/a"
        asked = urllib.parse.urlencode({"site": SITE, "url": page})
        with urllib.request.urlopen(f"{url}/v1/threads?{asked}") as answer:
            thread = uuid.UUID(json.load(answer)["thread"]["id"]).bytes
        site = query("SELECT id FROM sites")[0][0]
        # In one transaction: a mailbox that old with no choice of anybody's is swept away.
        with sqlite3.connect(f"{directory}/postil.db", timeout=60) as conn:
            for reader in READERS:
                mailbox = uuid.uuid4().bytes
                conn.execute("INSERT INTO mailboxes (id, site_id, email, folded, locale, created_at) VALUES (?, ?, ?, ?, 'en', 1)",
                             (mailbox, site, reader, reader))
                conn.execute("INSERT INTO subscriptions (id, mailbox_id, site_id, scope, target, thread_id, frequency, state, form, asked_at, expires_at) "
                             "VALUES (?, ?, ?, 'thread', ?, ?, 'instant', 'active', 'subscribe', 1, 1)",
                             (uuid.uuid4().bytes, mailbox, site, thread, thread))
        body = json.dumps({"site": SITE, "url": page, "body": "News"}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{url}/v1/comments", body, {"Content-Type": "application/json"}))
        deadline = time.monotonic() + 60
        while len(sink.letters) < len(READERS):
            if time.monotonic() > deadline:
                sys.exit("FAILED: not everybody is told")
            time.sleep(0.1)

        def suppressed():
            return postil("mail", "suppressed")[1]

        bounces, complains, leaves, stays = (sink.letters[reader] for reader in READERS)
        for what, message in [
            ("a delay", report(bounces[0], READERS[0], "delayed", "4.4.7")),
            ("a report about somebody else", report(bounces[0], READERS[3])),
            ("a report to no address of ours", report("bounces@example.org", READERS[0])),
            ("an automatic reply", f"To: {stays[0]}\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nAway.\r\n"),
            ("nonsense", "\0\xff"),
        ]:
            code, said = postil("mail", "receive", stdin=message.encode("latin-1"))
            check(f"{what} is left alone", code == 0 and said.startswith("Left alone") and "sent to every" in suppressed(), said)
        code, said = postil("mail", "receive", "--recipient", bounces[0].upper(), stdin=report("x@example.org", READERS[0]).encode())
        check("a mailbox that is gone is written to no more", code == 0 and READERS[0] in suppressed() and "bounced" in suppressed(), said)
        code, said = postil("mail", "receive", stdin=complaint(complains[2]))
        check("nor is one whose owner complained", code == 0 and READERS[1] in suppressed() and "complained" in suppressed(), said)
        mailto = re.search(r"<mailto:([^?>]+)\?subject=([^>]*)>", "".join(str(leaves[1]["List-Unsubscribe"]).split()))
        message = f"From: {READERS[2]}\r\nTo: {mailto[1]}\r\nSubject: {mailto[2]}\r\nAuto-Submitted: auto-replied\r\n\r\n"
        code, said = postil("mail", "receive", stdin=message.encode())
        states = dict(query("SELECT folded, state FROM subscriptions JOIN mailboxes ON mailboxes.id = mailbox_id"))
        check("who writes to unsubscribe has left, and only they",
              code == 0 and states[READERS[2]] == "ended" and states[READERS[3]] == "active", (said, states))
        check("which is no reason to suppress the address", READERS[2] not in suppressed() and READERS[3] not in suppressed())
        code, said = postil("mail", "suppressed", "--lift", READERS[0])
        check("the operator can lift it", code == 0 and READERS[0] not in suppressed(), said)
        code, said = postil("mail", "status")
        check("nothing waits", code == 0 and said.startswith("Nothing waits"), said)
        code, said = postil("mail", "receive", "--database=postgres://nobody@127.0.0.1:1/none", stdin=complaint(complains[2]))
        check("without its database it asks the mail server to try later", code == 75, (code, said))
    finally:
        service.kill()
        service.wait()
        controller.stop()
print("PASSED")
