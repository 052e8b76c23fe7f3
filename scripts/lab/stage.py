# SPDX-License-Identifier: Apache-2.0
"""The stage as people use it: `starling` commands against real nodes, every node's events recorded.

Part of rooms.py. Nothing here is timed: each step waits until all have seen it.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

import laboratory as lab

PATIENCE = 20
# What changes because somebody asked for it, and so is told to everybody once and in one order.
CHANGES = ("role", "removed", "muted", "seat", "invite", "policy", "host", "hand", "closed")
# 10 s of silence: what is said does not matter, only who gets it.
SOUND = bytes(960_000)


class Follower:
    """`starling events --json` of one node, to the end."""

    def __init__(self, node):
        self.events = []
        self.process = subprocess.Popen(
            [lab.STARLING, "events", "--json", "--control", node.control],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def stop(self):
        lab.end(self.process, signal.SIGINT)
        self.thread.join(5)

    def has(self, event, **fields):
        return any(e["event"] == event and all(e.get(k) == v for k, v in fields.items())
                   for e in list(self.events))

    def await_(self, event, **fields):
        lab.wait_until(lambda: self.has(event, **fields), PATIENCE, f"the event {event} {fields}")

    def changes(self, names):
        """What was changed, with people by their names here."""
        told = []
        for event in self.events:
            if event["event"] not in CHANGES:
                continue
            what = event.get("role") or event.get("policy")
            if what is None:
                is_seat = event["event"] == "seat"
                what = event.get("until") is not None if is_seat else event.get("on")
            whom = event.get("person") or event.get("invite")
            told.append((event["event"], names.get(whom, whom), what))
        return told


class Person:
    """A node, and what is typed at it."""

    def __init__(self, node):
        self.node = node
        self.follower = Follower(node)
        self.name = node.name

    def run(self, *words, seconds=90):
        return subprocess.run(
            [lab.STARLING, *words, "--control", self.node.control], capture_output=True, text=True,
            timeout=seconds, stdin=subprocess.DEVNULL)

    def do(self, *words):
        done = self.run(*words)
        if done.returncode != 0:
            raise lab.Failed(f"{self.name}: starling {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def read(self, *words):
        return json.loads(self.do(*words, "--json"))

    @property
    def stage(self):
        return self.node.room()["stage"]

    @property
    def key(self):
        return self.stage["person"]

    def roles(self):
        return {m["person"]: m.get("role") for m in self.node.room()["members"]}


def refused(done, words):
    """Not done, and a sentence says why."""
    return done.returncode != 0 and words in done.stderr


def square(text):
    """The dark modules of a picture of half blocks, as rows of booleans."""
    rows = []
    for line in text.splitlines():
        if "\u001b[" not in line:
            continue
        cells = re.sub("\u001b\\[[0-9;]*m", "", line)
        rows.append([c in "█▀" for c in cells])
        rows.append([c in "█▄" for c in cells])
    return rows


def decoded(text, folder):
    """What a camera reads off the terminal; nothing without zbarimg."""
    rows, scale = square(text), 8
    path = os.path.join(folder, "qr.pgm")
    with open(path, "wb") as file:
        file.write(b"P5 %d %d 255\n" % (len(rows[0]) * scale, len(rows) * scale))
        for row in rows:
            file.write(b"".join((b"\0" if dark else b"\377") * scale for dark in row) * scale)
    done = subprocess.run(["zbarimg", "--quiet", "--raw", path], capture_output=True, text=True)
    return done.stdout.strip()


class Hall:
    """A closed room with a host, a moderator and three listeners, and two who wait outside."""

    def __init__(self, flock, check):
        self.check = check
        self.folder = flock.folder
        self.people = [Person(node) for node in flock.nodes]
        self.host, self.moderator, *self.listeners = self.people[:5]
        self.guest, self.latecomer = self.people[5:7]
        self.names = {}

    def stop(self):
        for person in self.people:
            person.follower.stop()

    def everybody(self, event, without=(), **fields):
        for person in self.people[:5]:
            if person not in without:
                person.follower.await_(event, **fields)

    def agree(self, what, expected, of, without=()):
        people = [p for p in self.people[:5] if p not in without]
        try:
            lab.wait_until(lambda: all(of(p) == expected for p in people), PATIENCE, what)
            self.check(what, True)
        except lab.Failed:
            self.check(what, False, [of(p) for p in people])

    def gather(self):
        self.host.do("room", "create", "Hall", "--closed", "--name", "Host")
        report = self.host.read("invite", "--role", "listener", "--uses", "0")
        self.link, self.names[report["invite"]] = report["link"], "everybody's link"
        for person in self.people[1:5]:
            person.do("join", self.link, "--name", person.name)
        lab.wait_until(
            lambda: all(len(p.node.room()["members"]) == 5 for p in self.people[:5]), PATIENCE,
            "everybody sees everybody")
        for person in self.people[:5]:
            self.names[person.key] = person.name
        self.host.do("mod", "promote", self.moderator.key)
        self.everybody("role", person=self.moderator.key, role="moderator")

    # The acts, in their order

    def hands(self):
        keys = [p.key for p in self.listeners]
        for person in self.listeners:
            person.do("hand", "up")
            self.everybody("hand", person=person.key, on=True)
        self.agree("hands stand in the order in which they went up", keys,
                   lambda p: p.stage["hands"])
        self.listeners[2].do("hand", "down")
        self.everybody("hand", person=keys[2], on=False)
        self.moderator.do("mod", "lower", keys[1])
        self.everybody("hand", person=keys[1], on=False)
        self.agree("one took its hand down, a moderator another", keys[:1],
                   lambda p: p.stage["hands"])
        done = self.listeners[1].run("mod", "lower", keys[0])
        self.check("a listener lowers nobody's hand", refused(done, "not yours to do"),
                   done.stderr.strip())

    def stage(self):
        speaker = self.listeners[0]
        done = speaker.run("speak", "-")
        self.check("a listener may not speak", refused(done, "not yours to do"),
                   done.stderr.strip())
        self.moderator.do("stage", "invite", speaker.key)
        self.everybody("seat", person=speaker.key)
        speaker.do("stage", "accept")
        self.everybody("role", person=speaker.key, role="speaker")
        self.everybody("hand", person=speaker.key, on=False)
        self.agree("who was invited to the stage is a speaker", "speaker",
                   lambda p: p.roles().get(speaker.key))
        watch = lab.FrameWatch([p.node for p in self.people[:5]])
        talk = lab.Talk(speaker.node, SOUND)
        listener = self.listeners[1].node.number
        lab.wait_until(lambda: len(watch.heard[listener]) > 50, PATIENCE, "the speaker is heard")
        self.moderator.do("mod", "mute", speaker.key)
        self.everybody("muted", person=speaker.key, on=True)
        speaker.follower.await_("silenced")
        lab.wait_until(lambda: talk.process.poll() is not None, PATIENCE, "speaking ends")
        said, heard = len(watch.sent), len(watch.heard[listener])
        # As the node refuses.
        self.check("who is muted is told, and speaking ends", talk.process.returncode == 4,
                   talk.process.returncode)
        done = speaker.run("speak", "-")
        self.check("who is muted may not speak", refused(done, "not yours to do"),
                   done.stderr.strip())
        self.check("nothing more is sent or heard", len(watch.sent) == said and
                   len(watch.heard[listener]) <= said, f"{said} sent, {heard} heard")
        watch.close()
        self.moderator.do("mod", "unmute", speaker.key)
        self.everybody("muted", person=speaker.key, on=False)
        speaker.do("stage", "leave")
        self.everybody("role", person=speaker.key, role="listener")
        self.agree("who stepped down listens", "listener", lambda p: p.roles().get(speaker.key))

    def codes(self):
        codes = {" ".join(p.read("verify")["room"]) for p in self.people[:5]}
        self.check("the room code is the same on all nodes", len(codes) == 1, codes)
        one, two = self.host, self.moderator
        safety = [one.read("verify", two.key)["safety"], two.read("verify", one.key)["safety"]]
        self.check("both have one safety number", safety[0] == safety[1] and len(safety[0]) == 12)
        shown = one.read("verify", two.key, "--pictures")
        two.follower.await_("compared", person=one.key)
        other = next(e for e in two.follower.events if e["event"] == "compared")
        same = all(shown[part] == other[part] for part in ("pictures", "words", "numbers"))
        self.check("seven pictures are the same on two screens",
                   same and len(shown["pictures"]) == 7, " ".join(shown["pictures"]))

    def removal(self):
        victim, key = self.listeners[2], self.listeners[2].key
        watch = lab.FrameWatch([victim.node, self.listeners[0].node])
        number, other = victim.node.number, self.listeners[0].node.number
        talk = lab.Talk(self.host.node, SOUND)
        lab.wait_until(lambda: len(watch.heard[number]) > 50, PATIENCE, "the host is heard")
        self.moderator.do("mod", "remove", key)
        self.everybody("removed", without=[victim], person=key, on=True)
        victim.follower.await_("refused", reason="removed")
        lab.wait_until(lambda: not victim.node.room(), PATIENCE, "the removed one is out")
        heard, others = len(watch.heard[number]), len(watch.heard[other])
        lab.wait_until(lambda: len(watch.heard[other]) > others + 100, PATIENCE,
                       "the others hear on")
        self.check("who was removed is told and hears nothing more",
                   len(watch.heard[number]) == heard, f"{heard} frames")
        talk.stop()
        watch.close()
        done = victim.run("join", self.link)
        self.check("who was removed does not come back by itself", refused(done, "removed"),
                   done.stderr.strip())
        self.moderator.do("mod", "unban", key)
        self.everybody("removed", without=[victim], person=key, on=False)
        victim.do("join", self.link, "--name", victim.name)
        self.agree("who was let in again is in", 5,
                   lambda p: len((p.node.room() or {}).get("members", [])))

    def invites(self):
        report = self.moderator.read("invite", "--role", "speaker", "--uses", "1")
        self.names[report["invite"]] = "the link for one"
        self.everybody("invite", invite=report["invite"], on=True)
        self.guest.do("join", report["link"], "--name", "Guest")
        if not self.guest.node.room():
            raise lab.Failed(f"the guest is not in: {self.guest.follower.events}")
        self.names[self.guest.key] = "the guest"
        self.everybody("role", person=self.guest.key, role="speaker")
        done = self.latecomer.run("join", report["link"], "--name", "Late")
        self.check("a link for one lets no second in", refused(done, "did not let this node in"),
                   done.stderr.strip())
        text = self.moderator.do("invite", "--qr")
        link = text.strip().splitlines()[-1]
        rows = square(text)
        self.check("a link is a square picture in the terminal",
                   link.startswith("starling:") and len(rows) - len(rows[0]) in (0, 1), len(rows))
        if shutil.which("zbarimg"):
            found = decoded(text, self.folder)
            self.check("a camera reads the link off it", found == link, len(found))
        else:
            print("not looked at with a camera: no zbarimg", flush=True)
        self.host.do("invite", "--revoke", report["invite"][:8])
        self.everybody("invite", invite=report["invite"], on=False)
        lab.wait_until(lambda: not self.guest.node.room(), PATIENCE, "the guest is put out")
        self.check("a revoked link takes its guest with it", True)
        done = self.latecomer.run("join", report["link"], "--name", "Late")
        self.check("and lets nobody in", refused(done, "did not let this node in"),
                   done.stderr.strip())

    def end(self):
        self.host.do("mod", "handover", self.moderator.key)
        self.everybody("host", person=self.moderator.key)
        self.agree("all see the new host", self.moderator.key, lambda p: p.stage["host"])
        done = self.host.run("mod", "close")
        self.check("the old host cannot close the room", refused(done, "not yours to do"),
                   done.stderr.strip())
        self.moderator.do("mod", "close")
        self.everybody("closed")
        lab.wait_until(lambda: not any(p.node.room() for p in self.people[:5]), PATIENCE,
                       "everybody is out of the closed room")
        self.check("the new host closes it, and everybody is out", True)

    # What was told of it

    def streams(self):
        first, second, third = (p.name for p in self.listeners)
        host, moderator = self.host.name, self.moderator.name
        # What one command changes is told together, in any order.
        expected = [
            [("role", moderator, "moderator")],
            [("hand", first, True)], [("hand", second, True)], [("hand", third, True)],
            [("hand", third, False)], [("hand", second, False)],
            [("seat", first, True)],
            [("role", first, "speaker"), ("seat", first, False), ("hand", first, False)],
            [("muted", first, True)], [("muted", first, False)],
            [("role", first, "listener")],
            [("removed", third, True)], [("removed", third, False)],
            [("invite", "the link for one", True)], [("role", "the guest", "speaker")],
            [("role", "the guest", None), ("invite", "the link for one", False)],
            [("role", host, "moderator"), ("role", moderator, "host"), ("host", moderator, None)],
            [("closed", None, None)],
        ]
        for person in self.people[:4]:
            told = person.follower.changes(self.names)
            start = told.index(expected[0][0]) if expected[0][0] in told else 0
            told, steps = told[start:], []
            for step in expected:
                steps.append(told[:len(step)])
                told = told[len(step):]
            wrong = [pair for pair in zip(steps, expected)
                     if sorted(map(str, pair[0])) != sorted(map(str, pair[1]))]
            self.check(f"{person.name} is told each change once and in order",
                       not wrong and not told, (wrong[:2] + told) or len(steps))
        for person in self.people:
            numbers = [e["n"] for e in person.follower.events]
            self.check(f"{person.name}'s events count without a gap",
                       numbers == list(range(1, len(numbers) + 1)), len(numbers))


def stage(check):
    with lab.Flock(7) as flock:
        hall = Hall(flock, check)
        try:
            hall.gather()
            hall.hands()
            hall.stage()
            hall.codes()
            hall.removal()
            hall.invites()
            hall.end()
        finally:
            hall.stop()
        hall.streams()
