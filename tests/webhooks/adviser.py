#!/usr/bin/env python3
"""A site's adviser over TLS, which checks what it is asked with the reference library of Standard Webhooks.

    adviser.py PATH-OF-POSTIL          (needs standardwebhooks from PyPI, and the program openssl)
"""
import contextlib, http.server, json, os, re, ssl, subprocess, sys, tempfile, threading, urllib.error, urllib.request

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

POSTIL = sys.argv[1]


def check(what, is_so, told=""):
    if not is_so:
        sys.exit(f"FAILED: {what}\n{told}")
    print(f"ok: {what}")


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Adviser(http.server.ThreadingHTTPServer):
    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.asked, self.verdict = [], None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Whoever does not trust the certificate hangs up."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
        answer = json.dumps(self.server.verdict).encode() if self.server.verdict else b""
        self.send_response(200 if answer else 204)
        if answer:
            self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def postil(directory, *args):
    line = [POSTIL, *args, "--data-dir", f"{directory}/data"]
    done = subprocess.run(line, env={}, capture_output=True, text=True, timeout=120)
    check(f"postil {args[0]} {args[1]}", done.returncode == 0, done.stderr)
    return done.stdout.splitlines()[-1]


@contextlib.contextmanager
def service(directory, roots):
    settings = {"POSTIL_LISTEN": "127.0.0.1:0", "POSTIL_DATA_DIR": f"{directory}/data", "POSTIL_OUTBOUND_NETWORKS": "127.0.0.1",
                "SSL_CERT_FILE": f"{directory}/{roots}"}
    with open(f"{directory}/log", "w") as log:
        running = subprocess.Popen([POSTIL], env=settings, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        yield re.fullmatch(r"Listening on (\S+)\n", running.stdout.readline())[1]
    finally:
        running.terminate()
        running.communicate(timeout=60)


def comment(url, text):
    body = json.dumps({"site": "demo", "url": f"{url}/demo/", "body": text, "author": {"name": "Ada"}}).encode()
    request = urllib.request.Request(f"{url}/v1/comments", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, json.load(answer)


def verifies(secret, asked):
    headers, body = asked
    try:
        return Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return None


with tempfile.TemporaryDirectory() as directory:
    for name, host in [("cert", "localhost"), ("other", "other")]:
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}",
                "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", f"{directory}/{name}.key", "-out", f"{directory}/{name}.pem")
    adviser = Adviser(f"{directory}/cert.pem", f"{directory}/cert.key")
    address = f"https://localhost:{adviser.server_address[1]}/judge"
    with service(directory, "cert.pem") as url:
        old = postil(directory, "adviser", "set", "demo", address)
        status, _ = comment(url, "Größe – 🌊")
        check("a comment is asked about over TLS", status == 201 and len(adviser.asked) == 1, open(f"{directory}/log").read())
        told = verifies(old, adviser.asked[-1])
        check("the reference library takes the signature, and reads what was written", told and told["data"]["body"] == "Größe – 🌊", told)
        headers, body = adviser.asked[-1]
        check("which breaks with the body", not verifies(old, (headers, body.replace(b"guest", b"ghost"))))
        check("and with the id", not verifies(old, ({**headers, "webhook-id": "msg_other"}, body)))
        new = postil(directory, "adviser", "rotate", "demo")
        adviser.verdict = {"verdict": "hold", "reason": "Not today"}
        status, held = comment(url, "After the change")
        check("its verdict counts", status == 202 and held["reasons"] == [{"code": "advised", "detail": "Not today"}], held)
        check("after a change of secrets both are good",
              new != old and verifies(new, adviser.asked[-1]) and verifies(old, adviser.asked[-1]))
        check("and no other", not verifies("whsec_" + "A" * 43 + "=", adviser.asked[-1]))
    times = len(adviser.asked)
    with service(directory, "other.pem") as url:
        status, _ = comment(url, "To a stranger")
        check("a certificate of nobody's is told nothing, and the comment is taken", status == 201 and len(adviser.asked) == times)
    with open(f"{directory}/log") as log:
        text = log.read()
    check("and the log says so, without the address", "no advice" in text and "localhost:" not in text, text)
print("PASSED")
