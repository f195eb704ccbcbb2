#!/usr/bin/env python3
"""A TriBA core in one file, written from the protocol's text, for one backend.

    triba_core.py [--defect NAME] -- BACKEND...

It opens a session, answers the backend, starts it again when it ends, and stops it on SIGTERM. What
it does wrong when it is told to shows whether a checker of cores notices. Packets are those of
triba_backend.py beside it.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import triba_backend as wire
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

DEFECTS = {
    "answers-unknown-id": "sends its key to whoever shows 16 bytes",
    "crashes": "ends when a backend breaks the protocol",
    "environment-passed": "gives the backend its whole environment",
    "event-ignored": "leaves events unanswered",
    "folder-open": "lets others enter the socket's folder",
    "id-kept": "uses one id for every start",
    "key-early": "sends its key before it has the id",
    "nonce-kept": "uses one nonce for every connection",
    "restart-at-once": "starts a backend again without delay, whatever its exit code",
    "second-taken": "takes a second connection with the id of an open session",
    "success-skipped": "never sends HandshakeSuccess",
    "tampered-dropped": "passes over packets that do not verify",
}

HANDSHAKE_READ_S = 5
RESTART_S = 1
FINAL_CODES = (64, 76, 77, 78)
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
ACKNOWLEDGED = ("Status", "Event")

TEXTS = wire.fields(id=wire.text, room=wire.text, sender=wire.text, sent_ms=wire.u64, content=wire.CONTENT)
ROOM = wire.fields(
    id=wire.text, name=wire.text, topic=wire.option(wire.text), unread=wire.u32, direct=wire.boolean
)
EVENTS = {
    "MessageReceived": TEXTS,
    "MessageEdited": TEXTS,
    "MessageRemoved": wire.fields(room=wire.text, message=wire.text),
    "RoomUpdated": ROOM,
    "RoomRemoved": wire.text,
    "Typing": wire.fields(room=wire.text, users=wire.listed(wire.text)),
}
STATUSES = {"Connecting": wire.unit, "Online": wire.unit, "Offline": wire.text, "AuthRequired": wire.unit}

defect = None


def read_open_enum(variants, value):
    """A variant; what a later backend may say is passed over."""
    found = wire.split_variant(value)
    if found is None:
        raise wire.invalid("not a variant")
    if found[0] in variants:
        variants[found[0]](found[1])


REQUESTS = {
    "Ping": wire.unit,
    "Status": lambda value: read_open_enum(STATUSES, value),
    "Event": lambda value: read_open_enum(EVENTS, value),
}


class Core:
    def __init__(self, command):
        self.command = command
        self.folder = tempfile.mkdtemp(prefix="core-")
        if defect == "folder-open":
            os.chmod(self.folder, 0o755)
        self.path = self.folder + "/s"
        self.state = self.folder + "/state"
        os.mkdir(self.state, 0o700)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        self.lock = threading.Lock()
        self.ident = None
        self.claimed = None
        self.is_open = False
        self.channel = None
        self.child = None
        self.stopping = False

    def run(self):
        threading.Thread(target=self.accept, daemon=True).start()
        while not self.stopping:
            code = self.run_backend()
            if self.stopping or (code in FINAL_CODES and defect != "restart-at-once"):
                break
            time.sleep(0 if defect == "restart-at-once" else RESTART_S)
        while True:  # finish ends it
            time.sleep(1)

    def run_backend(self):
        kept = defect == "id-kept"
        self.ident = bytes.fromhex("00112233445546778899aabbccddeeff") if kept else uuid.uuid4().bytes
        self.claimed, self.is_open = None, False
        passed = os.environ if defect == "environment-passed" else {
            name: value
            for name, value in os.environ.items()
            if name in INHERITED or name.startswith("XDG_")
        }
        self.child = subprocess.Popen(
            [*self.command, base64.b64encode(self.ident).decode()],
            env={**passed, "TRIBA_SOCKET": self.path, "TRIBA_STATE": self.state},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        return self.child.wait()

    def accept(self):
        while True:
            stream, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        try:
            with stream:
                self.talk(stream)
        except wire.End as end:
            print(end, file=sys.stderr)
            if defect == "crashes" and end.status == wire.EXIT_PROTOCOL:
                os._exit(70)
        finally:
            if stream is self.claimed and self.child.poll() is None:
                self.end_child()

    def end_child(self):
        if not self.stopping:
            self.child.terminate()

    def talk(self, stream):
        own = X25519PrivateKey.generate()
        public = own.public_key().public_bytes_raw()
        if defect == "key-early":
            stream.sendall(public)
        ident = wire.read_exactly(stream, 16, False)
        if not self.claim(stream, ident):
            return
        if defect != "key-early":
            stream.sendall(public)
        peer = wire.read_exactly(stream, 32, False)
        try:
            key = own.exchange(X25519PublicKey.from_public_bytes(peer))
        except ValueError:
            raise wire.fault("the backend's key is of low order") from None
        nonce = bytes(12) if defect == "nonce-kept" else os.urandom(12)
        stream.sendall(nonce)
        channel = wire.Channel(stream, key, nonce, ">", False)
        versioned = self.shake(channel)
        channel.limit = wire.LIMIT_OPEN
        self.is_open, self.channel = True, channel if versioned else None
        self.session(channel)

    def claim(self, stream, ident):
        """Whether this connection is the one that the backend may make (section 8)."""
        with self.lock:
            if ident != self.ident:
                return defect == "answers-unknown-id"
            if self.claimed is None:
                self.claimed = stream
                return True
            if defect == "second-taken":
                return True
            if not self.is_open:
                self.claimed.shutdown(socket.SHUT_RDWR)
                self.child.terminate()
            return False

    def shake(self, channel):
        number, req, name, argument, _ = channel.read()
        if req is not None or name != "HandshakeUpgradeConnection":
            raise wire.fault(f"{name} instead of the upgrade")
        wire.unit(argument)
        channel.send("Success", number)
        asked = channel.send({"ApiVersion": [1, 0, "python-core/1.0", []]})
        name, argument = self.response(channel, asked)
        versioned = name == "ApiVersion"
        if versioned:
            version = wire.VERSION(argument)
            if version["major"] != 1 or version["features"]:
                raise wire.fault("another major version, or features that were not listed")
        elif name != "Error" or RESPONSE_ERROR(argument)["code"] != "unknown_request":
            raise wire.fault("no version")
        if defect == "success-skipped":
            time.sleep(3600)
        name, _ = self.response(channel, channel.send("HandshakeSuccess"))
        if name != "Success":
            raise wire.fault("the backend refuses the session")
        return versioned

    def response(self, channel, asked):
        _, req, name, argument, _ = channel.read()
        if req != asked:
            raise wire.fault(f"{name} in place of a response")
        return name, argument

    def session(self, channel):
        shutdown = None
        while True:
            if self.stopping and shutdown is None and self.channel is channel:
                shutdown = channel.send("Shutdown")
            packet = channel.take()
            if packet is None:
                channel.fill(0.1)
                continue
            number, req, name, argument, _ = packet
            if req is not None:
                if req != shutdown:
                    raise wire.fault("a response to no request")
                continue
            self.answer(channel, number, name, argument)

    def answer(self, channel, number, name, argument):
        if name in wire.HANDSHAKE_NAMES or name in wire.REQUESTS and name not in REQUESTS:
            raise wire.fault(f"{name} does not belong here")
        if name not in REQUESTS:
            channel.send(wire.error("unknown_request", "unknown request"), number)
            return
        try:
            REQUESTS[name](argument)
        except wire.Refuse as refusal:
            channel.send(wire.error(refusal.code, str(refusal)), number)
            return
        if name in ACKNOWLEDGED and defect == "event-ignored":
            return
        channel.send("Success", number)

    def stop(self, *_):
        self.stopping = True
        threading.Thread(target=self.finish, daemon=True).start()

    def finish(self):
        child = self.child
        if self.channel is None and child is not None:
            child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)


RESPONSE_ERROR = wire.fields(code=wire.text, message=wire.text)


def main():
    global defect
    arguments = sys.argv[1:]
    if arguments == ["--list-defects"]:
        for name, what in DEFECTS.items():
            print(f"{name}\t{what}")
        return
    if arguments[0] == "--defect":
        defect = arguments[1]
        arguments = arguments[2:]
    if defect == "tampered-dropped":
        wire.defect = defect
    core = Core(arguments[1:])
    signal.signal(signal.SIGTERM, core.stop)
    core.run()


if __name__ == "__main__":
    main()
