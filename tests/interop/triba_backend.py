#!/usr/bin/env python3
"""A TriBA backend in one file, written from the protocol's text and from no other program.

    triba_backend.py [--byte-order little] [--form tagged] [--plain] [--defect NAME] ID [SOCKET]

It holds two rooms, "echo" and "slow", and speaks API 1.0. What it does wrong when it is told to
(--defect, --list-defects) shows whether a checker of backends notices.
"""

import base64
import os
import re
import select
import socket
import struct
import sys
import time
from collections import OrderedDict

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DEFECTS = {
    "answers-twice": "answers each request of the open session twice",
    "argument-ignored": "takes a request with a wrong argument as if it were right",
    "bin-names": "writes texts as bin",
    "bytes-left": "takes a packet with bytes behind its value",
    "exit-one": "exits with 1, whatever the reason",
    "features-own": "claims features that the core did not list",
    "first-id": "counts its packets from 2",
    "float-id": "takes a float as id",
    "form-fixed": "answers in the compact form, whatever the core uses",
    "gap-taken": "takes packets whose ids are out of order",
    "handshake-late": "takes a packet of the handshake in the open session",
    "hashed-key": "uses the hash of the shared secret as key",
    "id-skipped": "leaves a number out after the handshake",
    "id-strict": "knows the id in one form only",
    "inner-id": "does not compare the id inside a packet under sealed-1",
    "key-early": "sends its key before it has the core's",
    "key-kept": "uses one key pair for ever",
    "little-endian": "writes sizes with the lowest byte first",
    "long-ids": "writes every id in 8 bytes",
    "low-order": "goes on with a key of low order",
    "no-limit": "waits for payloads of any size",
    "ping-ignored": "leaves pings unanswered",
    "reconnects": "connects again when the stream ends",
    "req-own": "gives its own number as that of the request it answers",
    "rooms-of-core": "takes requests that belong to its own side",
    "seal-lax": "goes on without sealed-1 though its spawn demands it",
    "seal-unasked": "lists sealed-1 without a spawn secret",
    "shutdown-stays": "answers Shutdown and goes on",
    "size-whole": "counts the size field in the size",
    "socket-fixed": "looks for the socket in the environment only",
    "stays": "goes on when the stream has ended",
    "stdin-read": "waits for standard input without being told to",
    "success-ignored": "leaves HandshakeSuccess unanswered",
    "tag-first": "puts the tag in front of the ciphertext",
    "tag-unchecked": "decrypts without verifying the tag",
    "tampered-dropped": "passes over packets that do not verify",
    "two-counters": "counts requests and responses apart",
    "txn-ignored": "sends a message again that has a txn it knows",
    "unknown-closed": "closes when it does not know a request",
    "unmatched-taken": "takes responses to requests that it never made",
    "version-demanded": "closes when the core leaves the version exchange out",
}

EXIT_STOPPED, EXIT_USAGE, EXIT_UNAVAILABLE, EXIT_PROTOCOL, EXIT_REFUSED = 0, 64, 69, 76, 77
HANDSHAKE_READ_S = 5
REQUEST_S = 30
PING_S = 30
TAG = 16
LIMIT_HANDSHAKE, LIMIT_OPEN, LIMIT_SENT = 65_536, 16 * 1024 * 1024, 1024 * 1024
OUTSTANDING = 64
MAX_SAFE = 2**53 - 1
MAX_DEPTH = 16
SLOW_S = 3
HANDSHAKE_NAMES = {"HandshakeUpgradeConnection", "ApiVersion", "HandshakeSuccess"}
OWN_NAMES = {"HandshakeUpgradeConnection", "Status", "Event"}

defect = None


class End(Exception):
    """Ends the program with an exit status."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


def fault(why):
    return End(EXIT_PROTOCOL, why)


class Refuse(Exception):
    """Answers a request with Error."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def invalid(message):
    return Refuse("invalid_argument", message)


# --- Arguments (section 3) ---


def parse_id(text):
    if defect == "id-strict" and not re.fullmatch(r"[A-Za-z0-9+/]{22}==", text):
        raise End(EXIT_USAGE, "the id is not in the form that this program knows")
    if not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}|[A-Za-z0-9_-]*={0,2}", text):
        raise End(EXIT_USAGE, "the id is not base64")
    digits = text.rstrip("=").replace("-", "+").replace("_", "/")
    padded = digits + "=" * (-len(digits) % 4)
    if "=" in text and len(text) != len(padded):
        raise End(EXIT_USAGE, "the id has wrong padding")
    try:
        raw = base64.b64decode(padded, validate=True)
    except ValueError:
        raise End(EXIT_USAGE, "the id is not base64") from None
    if base64.b64encode(raw).decode() != padded:
        raise End(EXIT_USAGE, "the id has unused bits that are not zero")
    if len(raw) == 36:
        if not re.fullmatch(rb"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", raw):
            raise End(EXIT_USAGE, "the id is no UUID")
        raw = bytes.fromhex(raw.decode().replace("-", ""))
    if len(raw) != 16:
        raise End(EXIT_USAGE, "the id has not 16 bytes")
    return raw


def find_socket(argument):
    env = os.environ
    if env.get("TRIBA_SOCKET"):
        return env["TRIBA_SOCKET"]
    if defect == "socket-fixed":
        raise End(EXIT_UNAVAILABLE, "TRIBA_SOCKET is not set")
    if argument is not None and argument[:1] in ("/", "@"):
        return argument
    if env.get("XDG_RUNTIME_DIR"):
        path = env["XDG_RUNTIME_DIR"] + "/trinitrix/triba.sock"
        if os.path.exists(path):
            return path
    folder = f"/tmp/trinitrix-{os.getuid()}"
    try:
        found = os.lstat(folder)
    except OSError:
        raise End(EXIT_UNAVAILABLE, "no socket of a core found") from None
    if found.st_uid != os.getuid() or found.st_mode & 0o170777 != 0o040700:
        raise End(EXIT_UNAVAILABLE, f"{folder} is not safe to use")
    return folder + "/triba.sock"


def connect(address):
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.connect("\0" + address[1:] if address[0] == "@" else address)
    except OSError as error:
        raise End(EXIT_UNAVAILABLE, f"cannot connect: {error}") from None
    return stream


def read_spawn_secret():
    """Section 10: exactly 45 bytes, within 5 s."""
    line, until = b"", time.monotonic() + HANDSHAKE_READ_S
    while len(line) < 45:
        left = until - time.monotonic()
        if left <= 0 or not select.select([0], [], [], left)[0]:
            raise fault("no spawn secret came")
        part = os.read(0, 45 - len(line))
        if part == b"":
            raise fault("standard input ended before the spawn secret")
        line += part
    if not re.fullmatch(rb"[A-Za-z0-9+/]{43}=\n", line):
        raise fault("no spawn secret on standard input")
    secret = base64.b64decode(line[:44])
    if base64.b64encode(secret) != line[:44]:
        raise fault("the spawn secret has unused bits that are not zero")
    return secret


# --- Shapes of values (sections 6.1 and 7) ---

MISSING = object()


class Pairs(list):
    """A map as it lies on the wire, keys that are there twice included."""


def text(value):
    if type(value) is not str:
        raise invalid("not a text")
    return value


def boolean(value):
    if type(value) is not bool:
        raise invalid("neither true nor false")
    return value


def whole(most):
    def read(value):
        if type(value) is not int or not 0 <= value <= most:
            raise invalid("not a whole number in range")
        return value

    return read


u16, u32, u64 = whole(2**16 - 1), whole(2**32 - 1), whole(MAX_SAFE)


def listed(item):
    def read(value):
        if type(value) is not list:
            raise invalid("not a list")
        return [item(entry) for entry in value]

    return read


def option(item):
    def read(value):
        return None if value is None else item(value)

    read.optional = True
    return read


def fields(**shapes):
    def read(value):
        if type(value) is list:
            found = dict(zip(shapes, value))
        elif type(value) is Pairs:
            found = {}
            for key, entry in value:
                if type(key) is not str:
                    raise invalid("a key that is no text")
                if key in shapes and key in found:
                    raise invalid(f"field {key} twice")
                found[key] = entry
        else:
            raise invalid("not a struct")
        for name, shape in shapes.items():
            if name not in found and not hasattr(shape, "optional"):
                raise invalid(f"field {name} is missing")
        return {name: shape(found.get(name)) for name, shape in shapes.items()}

    return read


def unit(value):
    if value is not MISSING and value is not None:
        raise invalid("an argument where none belongs")


def split_variant(value):
    if type(value) is str:
        return value, MISSING
    if type(value) is Pairs and len(value) == 1 and type(value[0][0]) is str:
        return value[0]
    return None


def enum(**shapes):
    def read(value):
        found = split_variant(value)
        if found is None or found[0] not in shapes:
            raise invalid("not a variant that is known")
        return found[0], shapes[found[0]](found[1])

    return read


CONTENT = enum(Text=text, Notice=text, Emote=text)
VERSION = fields(major=u16, minor=u16, agent=text, features=listed(text))
REQUESTS = {
    "ApiVersion": VERSION,
    "HandshakeSuccess": unit,
    "Ping": unit,
    "Shutdown": unit,
    "Cancel": u64,
    "Login": fields(account=text, secret=text),
    "ListRooms": unit,
    "JoinRoom": text,
    "LeaveRoom": text,
    "FetchMessages": fields(room=text, before=option(text), limit=u32),
    "SendMessage": fields(room=text, txn=text, content=CONTENT),
    "MarkRead": fields(room=text, message=text),
    "SetTyping": fields(room=text, typing=boolean),
}
RESPONSES = {"Success": unit, "Error": fields(code=text, message=text)}


# --- Packets (sections 5 and 6) ---


def depth_of(value):
    deepest, todo = 0, [(value, 1)]
    while todo:
        entry, level = todo.pop()
        if isinstance(entry, (list, tuple)) and not isinstance(entry, (msgpack.ExtType,)):
            pair = type(entry) is tuple  # an entry of a map: no level of its own
            deepest = max(deepest, level - pair)
            todo += [(part, level + (not pair)) for part in entry]
    return deepest


def parse_value(plaintext):
    options = dict(raw=False, strict_map_key=False, object_pairs_hook=Pairs)
    try:
        if defect == "bytes-left":
            unpacker = msgpack.Unpacker(**options)
            unpacker.feed(plaintext)
            value = unpacker.unpack()
        else:
            value = msgpack.unpackb(plaintext, **options)
    except (ValueError, msgpack.UnpackException) as error:
        raise fault(f"not MessagePack: {type(error).__name__}") from None
    if depth_of(value) > MAX_DEPTH:
        raise fault("nested too deeply")
    return value


def read_id(value):
    if defect == "float-id" and type(value) is float:
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_SAFE:
        raise fault("an id that is no whole number, or too large")
    return value


def parse_packet(plaintext):
    """The id, the id it answers (None in a request), name, argument, and whether tagged."""
    value, tag = parse_value(plaintext), None
    if type(value) is Pairs and len(value) == 1 and value[0][0] in ("Request", "Response"):
        tag, value = value[0]
    if type(value) is list and len(value) in (2, 3):
        number, req, body = value[0], value[1] if len(value) == 3 else MISSING, value[-1]
    elif type(value) is Pairs:
        found = {}
        for key, entry in value:
            if type(key) is not str:
                raise fault("a key that is no text")
            if key in ("id", "req", "body") and key in found:
                raise fault(f"{key} twice")
            found[key] = entry
        if "id" not in found or "body" not in found:
            raise fault("no id or no body")
        number, req, body = found["id"], found.get("req", MISSING), found["body"]
    else:
        raise fault("neither a request nor a response")
    number = read_id(number)
    req = None if req is MISSING else read_id(req)
    if tag is not None and (tag == "Request") != (req is None):
        raise fault("the tag belies the fields")
    variant = split_variant(body)
    if variant is None:
        raise fault("the body is no variant")
    return number, req, variant[0], variant[1], tag is not None


def decrypt_unverified(key, nonce, payload):
    """What RFC 8452 computes before it compares the tag."""
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    halves = [block.update(struct.pack("<I", i) + nonce)[:8] for i in range(2, 6)]
    stream = Cipher(algorithms.AES(b"".join(halves)), modes.ECB()).encryptor()
    body, tag = payload[:-TAG], bytearray(payload[-TAG:])
    tag[15] |= 0x80
    counter, out = struct.unpack("<I", tag[:4])[0], bytearray()
    for at in range(0, len(body), 16):
        pad = stream.update(struct.pack("<I", counter) + bytes(tag[4:]))
        out += bytes(a ^ b for a, b in zip(body[at : at + 16], pad))
        counter = (counter + 1) % 2**32
    return bytes(out)


class Channel:
    def __init__(self, stream, key, nonce, order, tagged):
        self.stream, self.order, self.tagged = stream, order, tagged
        self.sending = self.receiving = key
        self.nonce, self.sealed = nonce, False
        self.limit = LIMIT_HANDSHAKE
        self.next_id = 2 if defect == "first-id" else 0
        self.next_response = 0
        self.expected = None
        self.buffer = b""
        self.first_size = True
        self.opened = False

    def seal_with(self, sending, receiving):
        self.sending, self.receiving, self.sealed = sending, receiving, True

    def nonce_of(self, number):
        return bytes(4) + struct.pack(">Q", number) if self.sealed else self.nonce

    def send(self, body, req=None):
        if defect == "id-skipped" and self.opened:
            self.next_id += 1
            self.opened = False
        number = self.next_id
        if defect == "two-counters" and req is not None:
            number = self.next_response
            self.next_response += 1
        else:
            self.next_id += 1
        if number >= 2**32:
            raise End(EXIT_UNAVAILABLE, "all ids are used")
        if defect == "req-own" and req is not None:
            req = number
        packet = [number, body] if req is None else [number, req, body]
        tagged = self.tagged and defect != "form-fixed"
        value = {"Request" if req is None else "Response": packet} if tagged else packet
        plaintext = msgpack.packb(value, use_bin_type=True)
        if defect == "long-ids":
            head = b"\x92" if req is None else b"\x93"
            wide = head + b"\xcf" + struct.pack(">Q", number)
            plaintext = plaintext.replace(head + msgpack.packb(number), wide, 1)
        if defect == "bin-names":
            plaintext = msgpack.packb([*packet[:-1], as_bin(body)], use_bin_type=True)
        payload = AESGCMSIV(self.sending).encrypt(self.nonce_of(number), plaintext, None)
        if len(payload) > LIMIT_SENT:
            raise End(EXIT_PROTOCOL, "a packet too large to send")
        if defect == "tag-first":
            payload = payload[-TAG:] + payload[:-TAG]
        size = len(payload) + (4 if defect == "size-whole" else 0)
        order = "<" if defect == "little-endian" else self.order
        self.write(struct.pack(order + "I", size) + payload)
        return number

    def write(self, data):
        try:
            self.stream.settimeout(REQUEST_S)
            self.stream.sendall(data)
        except OSError:
            raise End(EXIT_UNAVAILABLE, "the core is gone") from None

    def fill(self, timeout):
        """Reads what there is; False when none came in time."""
        if timeout is not None and not select.select([self.stream], [], [], max(0, timeout))[0]:
            return False
        try:
            data = self.stream.recv(65536)
        except OSError:
            data = b""
        if data == b"":
            raise End(EXIT_UNAVAILABLE, "the core closed the stream")
        self.buffer += data
        return True

    def take(self):
        """The next packet that is here completely, or None."""
        if len(self.buffer) < 4:
            return None
        size = struct.unpack(self.order + "I", self.buffer[:4])[0]
        if (size < TAG + 1 or size > self.limit) and defect != "no-limit":
            other = struct.unpack("<I" if self.order == ">" else ">I", self.buffer[:4])[0]
            hint = ", perhaps the other byte order" if self.first_size and other < 65536 else ""
            raise fault(f"a payload of {size} bytes{hint}")
        self.first_size = False
        if len(self.buffer) < 4 + size:
            return None
        payload, self.buffer = self.buffer[4 : 4 + size], self.buffer[4 + size :]
        nonce = self.nonce_of(self.expected or 0)
        try:
            plaintext = AESGCMSIV(self.receiving).decrypt(nonce, payload, None)
        except InvalidTag:
            if defect == "tampered-dropped":
                return self.take()
            if defect != "tag-unchecked":
                raise fault(f"cannot decrypt packet {self.expected or 0}") from None
            plaintext = decrypt_unverified(self.receiving, nonce, payload)
        packet = parse_packet(plaintext)
        number = packet[0]
        in_order = number in (0, 1) if self.expected is None else number == self.expected
        lax = defect == "gap-taken" and not self.sealed or defect == "inner-id" and self.sealed
        if not in_order and not lax:
            raise fault(f"packet {number} instead of {self.expected}")
        self.expected = self.expected + 1 if lax and self.expected is not None else number + 1
        return packet

    def read(self, timeout=HANDSHAKE_READ_S):
        until = time.monotonic() + timeout
        while (packet := self.take()) is None:
            if not self.fill(until - time.monotonic()):
                raise End(EXIT_UNAVAILABLE, "the core is silent")
        return packet


def as_bin(value):
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [as_bin(entry) for entry in value]
    if isinstance(value, dict):
        return {as_bin(key): as_bin(entry) for key, entry in value.items()}
    return value


def error(code, message):
    return {"Error": [code, message]}


# --- Handshake (section 4) ---


def read_exactly(stream, length, after_id):
    data, until = b"", time.monotonic() + HANDSHAKE_READ_S
    while len(data) < length:
        try:
            stream.settimeout(max(0.001, until - time.monotonic()))
            part = stream.recv(length - len(data))
        except TimeoutError:
            raise End(EXIT_UNAVAILABLE, "the core is silent") from None
        except OSError:
            part = b""
        if part == b"":
            refused = after_id and data == b""
            raise End(EXIT_REFUSED if refused else EXIT_UNAVAILABLE, "the core closed the stream")
        data += part
    return data


def exchange_keys(stream):
    own = X25519PrivateKey.generate()
    if defect == "key-kept":
        own = X25519PrivateKey.from_private_bytes(b"\x42" * 32)
    public = own.public_key().public_bytes_raw()

    def send_key():
        try:
            stream.sendall(public)
        except OSError:
            raise End(EXIT_UNAVAILABLE, "the core is gone") from None

    if defect == "key-early":
        send_key()
    core_key = read_exactly(stream, 32, True)
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(core_key))
    except ValueError:
        if defect != "low-order":
            raise fault("the core's key is of low order") from None
        shared = bytes(32)
    if defect != "key-early":
        send_key()
    return core_key, public, shared


def derive_sealed(shared, secret, ident, nonce, core_key, public):
    info = b"triba sealed-1" + ident + nonce + core_key + public
    keys = HKDF(hashes.SHA256(), 64, salt=secret, info=info).derive(shared)
    return keys[:32], keys[32:]


def open_session(stream, ident, secret, order, tagged, plain):
    try:
        stream.sendall(ident)
    except OSError:
        raise End(EXIT_REFUSED, "the core closed at once") from None
    core_key, public, shared = exchange_keys(stream)
    nonce = read_exactly(stream, 12, False)
    key = shared
    if defect == "hashed-key":
        digest = hashes.Hash(hashes.SHA256())
        digest.update(shared)
        key = digest.finalize()
    channel = Channel(stream, key, nonce, order, tagged)
    asked = channel.send("HandshakeUpgradeConnection")
    _, req, name, argument, channel.tagged = channel.read()
    if req is None or req != asked:
        raise fault("no answer to the upgrade")
    expect_success(name, argument)
    seal = lambda: derive_sealed(shared, secret, ident, nonce, core_key, public)
    return channel, negotiate(channel, seal if secret else None, plain)


def expect_success(name, argument):
    try:
        if name == "Success":
            return unit(argument)
    except Refuse:
        pass
    raise fault("the core refuses the upgrade")


def negotiate(channel, seal, plain):
    """Steps 9 to 11; whether the version was exchanged."""
    version = None
    while True:
        number, req, name, argument, _ = channel.read()
        if req is not None:
            raise fault("a response to no request")
        if (name not in REQUESTS and name not in OWN_NAMES) or (plain and name == "ApiVersion"):
            channel.send(error("unknown_request", "unknown in the handshake"), number)
            continue
        if name not in ("ApiVersion", "HandshakeSuccess") or (name == "ApiVersion" and version):
            raise fault(f"{name} in the handshake")
        try:
            argument = REQUESTS[name](argument)
        except Refuse as refusal:
            channel.send(error(refusal.code, str(refusal)), number)
            continue
        if name == "ApiVersion":
            version = argument
            answer_version(channel, number, argument["features"], seal)
            continue
        demanded = defect == "version-demanded" or (seal is not None and defect != "seal-lax")
        if version is None and demanded:
            raise fault("the core leaves the version out")
        if version is not None and version["major"] != 1:
            raise fault("the core speaks another major version")
        channel.limit = LIMIT_OPEN
        if defect != "success-ignored":
            channel.send("Success", number)
        channel.opened = True
        return version is not None


def answer_version(channel, number, offered, seal):
    sealed = seal is not None and "sealed-1" in offered
    if seal is not None and not sealed and defect != "seal-lax":
        raise fault("the core does not offer sealed-1")
    features = ["sealed-1"] if sealed or defect == "seal-unasked" else []
    if defect == "features-own":
        features += ["telepathy"]
    channel.send({"ApiVersion": [1, 0, "python-backend/1.0", features]}, number)
    if sealed:
        to_backend, to_core = seal()
        channel.seal_with(to_core, to_backend)


# --- Session (sections 6.3, 7.2 and 9) ---


class Session:
    def __init__(self, channel, versioned):
        self.channel, self.versioned = channel, versioned
        self.rooms = {"echo": [], "slow": []}
        self.sent = {}
        self.count = 0
        self.outstanding = {}
        self.queue = []
        self.slow = OrderedDict()
        self.heard = time.monotonic()
        self.pings = 0
        self.post({"Status": "Online"})

    def run(self):
        while True:
            while (packet := self.channel.take()) is not None:
                self.heard, self.pings = time.monotonic(), 0
                self.handle(packet)
            self.flush()
            self.channel.fill(self.tick())

    def tick(self):
        """Does what is due; the seconds until the next time."""
        now = time.monotonic()
        for number, (due, answer) in list(self.slow.items()):
            if due <= now:
                del self.slow[number]
                self.channel.send(answer(), number)
        wake = [due for due, _ in self.slow.values()]
        if self.versioned:
            silent = now - self.heard
            if silent >= 3 * PING_S:
                raise End(EXIT_UNAVAILABLE, "the core answers no ping")
            if silent >= (self.pings + 1) * PING_S:
                self.outstanding[self.channel.send("Ping")] = "Ping"
                self.pings += 1
            wake.append(self.heard + (self.pings + 1) * PING_S)
        return min(wake) - now if wake else None

    def post(self, body):
        self.queue.append(body)

    def flush(self):
        while self.queue and len(self.outstanding) < OUTSTANDING:
            body = self.queue.pop(0)
            self.outstanding[self.channel.send(body)] = next(iter(body))

    def handle(self, packet):
        number, req, name, argument, _ = packet
        if req is not None:
            return self.take_response(req, name, argument)
        if name in HANDSHAKE_NAMES and defect != "handshake-late":
            raise fault(f"{name} in the open session")
        if name in OWN_NAMES and defect != "rooms-of-core":
            raise fault(f"{name} belongs to the backend")
        if name not in REQUESTS:
            if defect == "unknown-closed":
                raise fault(f"unknown request {name!r}")
            return self.answer(number, error("unknown_request", "unknown request"))
        if len(self.slow) >= OUTSTANDING and name not in ("Ping", "Cancel", "Shutdown"):
            return self.answer(number, error("busy", "too many requests wait"))
        if name == "Ping" and defect == "ping-ignored":
            return None
        try:
            try:
                argument = REQUESTS[name](argument)
            except Refuse:
                if defect != "argument-ignored":
                    raise
                return self.answer(number, "Success")
            answer = getattr(self, "do_" + name, lambda *_: "Success")(number, argument)
        except Refuse as refusal:
            answer = error(refusal.code, str(refusal))
        if answer is not None:
            self.answer(number, answer)
        if name == "Shutdown" and defect != "shutdown-stays":
            raise End(EXIT_STOPPED, "asked to stop")
        return None

    def answer(self, number, body):
        self.channel.send(body, number)
        if defect == "answers-twice":
            self.channel.send(body, number)

    def take_response(self, req, name, argument):
        if req not in self.outstanding and defect != "unmatched-taken":
            raise fault(f"a response to request {req}, which does not wait")
        own = self.outstanding.pop(req, None)
        try:
            RESPONSES[name](argument)
        except (KeyError, Refuse):
            print(f"odd response {name!r} to {own}", file=sys.stderr)

    def room(self, name):
        if name not in self.rooms:
            raise Refuse("not_found", "no such room")
        return self.rooms[name]

    def do_Cancel(self, number, target):
        self.channel.send("Success", number)
        if target in self.slow:
            del self.slow[target]
            self.channel.send(error("cancelled", "cancelled by the core"), target)

    def do_Login(self, _, login):
        if login["secret"] == "wrong":
            raise Refuse("unauthenticated", "wrong secret")
        return "Success"

    def do_ListRooms(self, *_):
        return {"Rooms": [[name, name.title(), None, 0, False] for name in self.rooms]}

    def do_JoinRoom(self, _, room):
        self.room(room)
        return "Success"

    do_LeaveRoom = do_JoinRoom

    def do_FetchMessages(self, _, query):
        messages = self.room(query["room"])[::-1]
        if query["before"] is not None:
            known = [message[0] for message in messages]
            if query["before"] not in known:
                raise Refuse("not_found", "no such message")
            messages = messages[known.index(query["before"]) + 1 :]
        page = messages[: query["limit"]]
        more = len(page) < len(messages)
        return {"Messages": [page, page[-1][0] if more and page else None]}

    def do_SendMessage(self, number, message):
        room = self.room(message["room"])
        if message["room"] == "slow":
            self.slow[number] = time.monotonic() + SLOW_S, lambda: self.store(room, message)
            return None
        return self.store(room, message)

    def store(self, room, message):
        key = message["room"], message["txn"]
        if key not in self.sent or defect == "txn-ignored":
            self.sent[key] = self.add(room, message["room"], "me", message["content"])
            if message["room"] == "echo":
                self.add(room, "echo", "echo", message["content"])
                self.post({"Event": {"MessageReceived": room[-1]}})
        return {"Sent": [self.sent[key]]}

    def add(self, room, name, sender, content):
        self.count += 1
        now = int(time.time() * 1000)
        room.append([f"m{self.count}", name, sender, now, {content[0]: content[1]}])
        return room[-1][0]

    def do_MarkRead(self, _, read):
        if read["message"] not in [message[0] for message in self.room(read["room"])]:
            raise Refuse("not_found", "no such message")
        return "Success"

    def do_SetTyping(self, _, typing):
        self.room(typing["room"])
        return "Success"


def serve(arguments):
    global defect
    order, tagged, plain = ">", False, False
    while arguments and arguments[0].startswith("--"):
        word = arguments.pop(0)
        if word == "--byte-order" and arguments:
            order = "<" if arguments.pop(0) == "little" else ">"
        elif word == "--form" and arguments:
            tagged = arguments.pop(0) == "tagged"
        elif word == "--plain":
            plain = True
        elif word == "--defect" and arguments and arguments[0] in DEFECTS:
            defect = arguments.pop(0)
        else:
            raise End(EXIT_USAGE, f"unknown option {word}")
    if not arguments:
        raise End(EXIT_USAGE, "no id")
    ident = parse_id(arguments[0])
    secret = None
    if os.environ.get("TRIBA_SEAL") == "stdin":
        secret = read_spawn_secret()
    elif defect == "stdin-read":
        os.read(0, 1)
    address = find_socket(arguments[1] if len(arguments) > 1 else None)
    while True:
        try:
            stream = connect(address)
            with stream:
                channel, versioned = open_session(stream, ident, secret, order, tagged, plain)
                Session(channel, versioned).run()
        except End as end:
            if defect == "stays" and end.status == EXIT_UNAVAILABLE:
                time.sleep(3600)
            if defect == "reconnects" and end.status == EXIT_UNAVAILABLE:
                time.sleep(0.05)
                continue
            raise


def main():
    if sys.argv[1:] == ["--list-defects"]:
        for name, what in DEFECTS.items():
            print(f"{name}\t{what}")
        return 0
    try:
        serve(sys.argv[1:])
    except End as end:
        print(end, file=sys.stderr)
        return 1 if defect == "exit-one" else end.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
