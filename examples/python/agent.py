#!/usr/bin/env python3
"""An agent of a convoke network on NATS in plain Python: the standard library, a socket, and docs/protocol.md.

    agent.py HOST PORT NETWORK ID SKILL [KEY [CA]]

KEY is a file of `convoke security` (the signature is made by openssl 3), CA a file with the authority to trust: then the
line is encrypted. It asks how many hubs there are, joins, offers when it is asked, accepts invitations, counts the words of the payload,
and hands the result over. It keeps to the protocol as every agent does: it says again what was not answered, and what it hears twice it
does once.
"""

import base64
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HEARTBEAT_S = 3.0
RESEND_S = 2.0
CAPACITY = 2


class Nats:
    """Core NATS, as much of it as an agent needs: https://docs.nats.io/reference/reference-protocols/nats-protocol."""

    def __init__(self, host, port, key=None, ca=None):
        self.socket = socket.create_connection((host, port), timeout=5)
        self.buffer, self.subscriptions = b"", 0
        info = json.loads(self.line().split(b" ", 1)[1])
        if ca is not None:
            self.socket = ssl.create_default_context(cafile=ca).wrap_socket(self.socket, server_hostname=host)
        about = {"verbose": False, "pedantic": False, "lang": "python", "headers": True}
        if key is not None:
            about["nkey"], seed = read_key(key)
            about["sig"] = sign(seed, info["nonce"].encode())
        self.send(b"CONNECT %s\r\nPING\r\n" % json.dumps(about).encode())
        while (said := self.line()) != b"PONG":
            if said.startswith(b"-ERR"):
                sys.exit(f"the server refuses: {said[5:].decode()}")

    def send(self, data):
        self.socket.sendall(data)

    def subscribe(self, subject):
        self.subscriptions += 1
        self.send(b"SUB %s %d\r\n" % (subject.encode(), self.subscriptions))

    def publish(self, subject, data):
        self.send(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(data), data))

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def more(self):
        data = self.socket.recv(65536)
        if data == b"":
            raise ConnectionError("the server has closed the connection")
        self.buffer += data

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def messages(self, seconds):
        """The messages that arrive within a span: (subject, headers, payload)."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if b"\r\n" not in self.buffer:
                self.socket.settimeout(left)
                try:
                    self.more()
                except TimeoutError:
                    return
                finally:
                    self.socket.settimeout(5)
                continue
            words = self.line().split()
            if words[:1] == [b"PING"]:
                self.send(b"PONG\r\n")
            elif words[:1] == [b"MSG"]:
                yield words[1].decode(), b"", self.exactly(int(words[-1]) + 2)[:-2]
            elif words[:1] == [b"HMSG"]:
                headers, whole = int(words[-2]), self.exactly(int(words[-1]) + 2)[:-2]
                yield words[1].decode(), whole[:headers], whole[headers:]


def read_key(file):
    """The public key as text and the 32 bytes of the seed, as nkeys writes them: base32 of prefix, bytes and CRC-16."""
    with open(file) as lines:
        text = next(line.strip() for line in lines if not line.startswith("#"))
    seed = base64.b32decode(text + "=" * (-len(text) % 8))[2:34]
    der = openssl("pkey", "-pubout", "-outform", "DER", "-in", pem=seed)
    raw = bytes([20 << 3]) + der[-32:]  # The prefix of a user.
    crc = 0
    for byte in raw:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return base64.b32encode(raw + crc.to_bytes(2, "little")).decode().rstrip("="), seed


def sign(seed, nonce):
    with tempfile.NamedTemporaryFile() as file:
        file.write(nonce)
        file.flush()
        signature = openssl("pkeyutl", "-sign", "-rawin", "-in", file.name, "-inkey", pem=seed)
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def openssl(*words, pem):
    """Runs openssl with an Ed25519 key behind its last word: the seed, wrapped as PKCS 8 (RFC 8410)."""
    der = bytes.fromhex("302e020100300506032b657004220420") + pem
    text = b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(der) + b"\n-----END PRIVATE KEY-----\n"
    with tempfile.NamedTemporaryFile() as file:  # Its owner alone may read it.
        file.write(text)
        file.flush()
        return subprocess.run(["openssl", *words, file.name], check=True, stdout=subprocess.PIPE).stdout


def partitions_of(nats, network):
    """Asks until somebody who may be a hub has said how many there are."""
    nats.subscribe(f"convoke.{network}.owner.hosts")
    while True:
        nats.publish(f"convoke.{network}.ask.0", b'{"kind":"who"}')
        for _, _, payload in nats.messages(RESEND_S):
            word = json.loads(payload)
            if word.get("kind") == "lives":
                return word["partitions"]


def hub_of(name, partitions):
    """The hub of a task, or the home of an agent: by FNV-1a, mixed once more."""
    if partitions == 1:
        return "hub"
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return f"hub-{(value ^ value >> 16) % partitions}"


class Agent:
    def __init__(self, nats, network, partitions, name, skill):
        self.nats, self.network, self.partitions, self.name = nats, network, partitions, name
        self.home = hub_of(name, partitions)
        self.skill = {"name": skill, "level": "expert"}
        self.incarnation = int(time.time() * 1000)
        self.hubs = {}  # the latest incarnation of each hub that was heard
        self.joined = False
        self.holds = {}  # invite -> (task, until)
        self.works = {}  # task -> {epoch, skills, result, said}

    def say(self, message):
        hub = hub_of(message["task"], self.partitions) if "task" in message else self.home
        me = {"id": self.name, "incarnation": self.incarnation}
        frame = {"v": 1, "from": me, "to": {"id": hub, "incarnation": 0}, "message": message}
        self.nats.publish(f"convoke.{self.network}.to.{hub}.{self.name}", json.dumps(frame).encode())

    def join(self):
        # It would answer every question alike, so its offer is open: the hub need not ask, but it still may.
        working = {"working": self.working()} if self.partitions > 1 and self.works else {}
        self.say({"kind": "AGENT_JOIN", "skills": [self.skill], "capacity": CAPACITY, "openOffer": {}, **working})

    def beat(self):
        if not self.joined:
            return self.join()
        now = time.time() * 1000
        self.holds = {invite: hold for invite, hold in self.holds.items() if hold[1] > now}
        self.say({"kind": "AGENT_HEARTBEAT", "busy": self.busy(), "working": self.working()})

    def working(self):
        return [{"task": task, "epoch": work["epoch"]} for task, work in self.works.items()]

    def busy(self):
        return len(self.holds) + len([1 for work in self.works.values() if "result" not in work])

    def complete(self, task):
        work = self.works[task]
        work["said"] = time.monotonic()
        result = {"agent": self.name, "skills": work["skills"], "result": work["result"]}
        self.say({"kind": "TASK_COMPLETE", "task": task, "epoch": work["epoch"], "results": [result]})
        if hub_of(task, self.partitions) != self.home:
            # Its home has lent the slot to another hub, and hears at once that it is free.
            ended = {"task": task, "epoch": work["epoch"]}
            others = [name for name in self.working() if name["task"] != task]
            self.say({"kind": "AGENT_HEARTBEAT", "busy": self.busy(), "working": others, "ended": [ended]})

    def again(self):
        """Says again what was not noted."""
        for task, work in self.works.items():
            if "result" in work and time.monotonic() - work["said"] > RESEND_S:
                self.complete(task)

    def hear(self, sender, message):
        hub, life = sender["id"], sender["incarnation"]
        if not self.is_hub(hub) or life < self.hubs.get(hub, 0):
            return  # An agent hears hubs alone, and no hub of before.
        self.hubs[hub] = life
        kind, task = message["kind"], message.get("task")
        if kind == "AGENT_WELCOME":
            if not self.joined:
                print(f"{self.name} has joined", flush=True)
            self.joined = True
        elif kind == "AGENT_REFUSED":
            sys.exit(f"refused: {message['refusal']['message']}")
        elif kind == "MESSAGE_REFUSED" and message["refusal"]["code"] == "E_NO_SUCH_AGENT" and hub == self.home:
            self.joined = False  # Another process is its hub: it does not know us yet.
            self.join()
        elif kind == "SKILL_QUERY":
            task, answer = message["call"]["task"], {"round": message["round"]}
            if self.busy() < CAPACITY:
                self.say({"kind": "SKILL_OFFER", "task": task, **answer, "busy": self.busy(), "capacity": CAPACITY})
            else:
                no = {"code": "E_BUSY", "message": "every slot is taken"}
                self.say({"kind": "SKILL_DECLINE", "task": task, **answer, "refusal": no})
        elif kind == "GROUP_INVITE":
            task, invite = message["call"]["task"], message["invite"]
            if invite in self.holds or self.busy() < CAPACITY:
                self.holds[invite] = (task, time.time() * 1000 + RESEND_S * 1000)
                self.say({"kind": "GROUP_ACCEPT", "task": task, "invite": invite})
            else:
                no = {"code": "E_BUSY", "message": "every slot is taken"}
                self.say({"kind": "GROUP_REJECT", "task": task, "invite": invite, "refusal": no})
        elif kind == "GROUP_RELEASE":
            self.holds.pop(message["invite"], None)
        elif kind in ("GROUP_FORMED", "TASK_START"):
            self.settle(task)
            if "assignment" in message:
                self.start(message["assignment"])
        elif kind in ("TASK_NOTED", "GROUP_DISSOLVED", "TASK_CANCEL"):
            if message.get("epoch", 0) >= self.works.get(task, {"epoch": 0})["epoch"]:
                self.works.pop(task, None)

    def is_hub(self, name):
        return name == "hub" if self.partitions == 1 else name in [f"hub-{i}" for i in range(self.partitions)]

    def settle(self, task):
        self.holds = {invite: hold for invite, hold in self.holds.items() if hold[0] != task}

    def start(self, assignment):
        task, epoch = assignment["task"], assignment["epoch"]
        known = self.works.get(task)
        if known is not None and epoch <= known["epoch"]:
            return
        payload = json.loads(assignment["payload"])
        print(f"begins {task}, epoch {epoch}", flush=True)
        words = len(str(payload).split())
        # What users hand over travels as JSON text that nobody on the way opens.
        self.works[task] = {"epoch": epoch, "skills": assignment["skills"], "result": json.dumps({"words": words})}
        self.complete(task)


def main():
    host, port, network, name, skill, *admission = sys.argv[1:]
    nats = Nats(host, int(port), *admission)
    agent = Agent(nats, network, partitions_of(nats, network), name, skill)
    nats.subscribe(f"convoke.{network}.to.{name}.*")
    nats.publish(f"convoke.{network}.life.{name}", str(agent.incarnation).encode())
    agent.join()
    try:
        while True:
            next_beat = time.monotonic() + (HEARTBEAT_S if agent.joined else RESEND_S)
            while (left := next_beat - time.monotonic()) > 0:
                for subject, headers, payload in nats.messages(min(left, 0.5)):
                    if b"Convoke-Part" in headers or ".to." not in subject:
                        continue  # Frames above the server's limit come in parts; this example asks for none.
                    for line in payload.split(b"\n"):
                        frame = json.loads(line)
                        if frame["to"]["id"] == name:
                            agent.hear(frame["from"], frame["message"])
                agent.again()
            agent.beat()
    except KeyboardInterrupt:
        agent.say({"kind": "AGENT_LEAVE", "reason": "its process was asked to end"})


if __name__ == "__main__":
    main()
