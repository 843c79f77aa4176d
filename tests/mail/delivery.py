#!/usr/bin/env python3
"""`postil mail test` against a real mail server with TLS and passwords, its letter read and its signature checked by others' code.

    delivery.py PATH-OF-POSTIL          (needs aiosmtpd and dkimpy from PyPI, and the program openssl)
"""
import email, email.policy, re, socket, ssl, subprocess, sys, tempfile

import dkim
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

POSTIL = sys.argv[1]


class Sink:
    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((session.authenticated, envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and data == LoginPassword(b"user@example.org", b"s:cr/t")
    return AuthResult(success=known, handled=False)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def postil(directory, port, *flags, scheme="smtps", password="s%3Acr%2Ft", roots="cert.pem"):
    environment = {
        "POSTIL_SMTP": f"{scheme}://user%40example.org:{password}@localhost:{port}",
        "POSTIL_MAIL_FROM": "Randnotizen für alle <comments@example.org>",
        "SSL_CERT_FILE": f"{directory}/{roots}",
    }
    line = [POSTIL, "mail", "test", "ann@example.net", "--data-dir", f"{directory}/data", *flags]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=120)


def check(what, is_so, told=""):
    if not is_so:
        sys.exit(f"FAILED: {what}\n{told}")
    print(f"ok: {what}")


with tempfile.TemporaryDirectory() as directory:
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", f"{directory}/key.pem", "-out", f"{directory}/cert.pem")
    openssl("genrsa", "-out", f"{directory}/dkim.pem", "2048")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other", "-keyout", f"{directory}/o.pem", "-out",
            f"{directory}/other.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{directory}/cert.pem", f"{directory}/key.pem")
    for scheme in ["smtps", "smtp"]:
        sink = Sink()
        # `smtp://` to this machine needs no TLS by itself, so it is asked for.
        query = "" if scheme == "smtps" else "?tls=required"
        settings = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
        number = free_port()
        controller = Controller(sink, hostname="localhost", port=number, ready_timeout=60, authenticator=authenticate, auth_required=True,
                                auth_require_tls=scheme == "smtp", **settings)
        controller.start()
        port = f"{number}{query}"
        try:
            done = postil(directory, port, f"--dkim-key={directory}/dkim.pem", "--mail-bounce-address=bounces@example.org", scheme=scheme)
            check(f"{scheme}: a letter arrives over TLS with a password", done.returncode == 0 and len(sink.letters) == 1, done.stderr)
            _, sender, recipients, raw = sink.letters[0]
            check("its envelope has one recipient, and a return address that says whose it is",
                  recipients == ["ann@example.net"] and re.fullmatch(r"bounces\+b[a-z2-7]{45}@example\.org", sender), sender)
            record = re.search(r'(\S+) TXT "(.*)"', done.stdout)
            names = {f"{record[1]}.".encode(): record[2].encode()}
            check("dkimpy takes its signature", dkim.verify(raw, dnsfunc=lambda name, timeout=5: names.get(name)))
            signed = re.search(rb"h=([^;]*);", raw)[1].lower()
            check("which covers the headers by which one leaves",
                  b"list-unsubscribe:" in signed and b"list-unsubscribe-post" in signed, signed)
            for header, other in [(b"/s/unsubscribe/", b"/s/elsewhere/."), (b"One-Click", b"Two-Click"), (b"On margins", b"On morgans")]:
                check(f"and breaks when {header.decode()} is changed",
                      not dkim.verify(raw.replace(header, other), dnsfunc=lambda name, timeout=5: names.get(name)))
            letter = email.message_from_bytes(raw, policy=email.policy.default)
            check("it is well-formed to Python's parser",
                  not letter.defects and letter["From"].addresses[0].display_name == "Randnotizen für alle"
                  and letter.get_body(("plain",)) and letter.get_body(("html",)), letter.defects)
            for what, refused in [("a wrong password", {"password": "wrong"}), ("a certificate of nobody's", {"roots": "other.pem"})]:
                done = postil(directory, port, scheme=scheme, **refused)
                check(f"{what} sends nothing, and is said", done.returncode == 1 and "cannot be used" in done.stderr and len(sink.letters) == 1,
                      done.stderr)
                check("without the password or an address", "wrong" not in done.stderr and "@" not in done.stderr, done.stderr)
        finally:
            controller.stop()
print("PASSED")
