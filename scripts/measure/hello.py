# SPDX-License-Identifier: Apache-2.0
"""First messages as docs/protocol/2-link.md has them, made by who knows a node's address."""

import base64
import ctypes
import hashlib
import hmac
import os
import random
import struct
import time

SODIUM = ctypes.CDLL("libsodium.so.23")
NAME = b"Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b"
PROLOGUE = b"VR1-link\x00"
HELLO, CONFIRM, COOKIE = 1, 3, 4


def digest(label, message):
    return hashlib.blake2b(bytes([len(label)]) + label + message, digest_size=32).digest()


def mac(key, message):
    return hashlib.blake2b(message, key=key, digest_size=16).digest()


def expand(chain, material, outputs):
    """Noise section 4.3."""
    key = hmac.digest(chain, material, "blake2b")
    parts = [b""]
    for number in range(1, outputs + 1):
        parts.append(hmac.digest(key, parts[-1] + bytes([number]), "blake2b"))
    return parts[1:]


def key_pair():
    secret, public = os.urandom(32), ctypes.create_string_buffer(32)
    SODIUM.crypto_scalarmult_curve25519_base(public, secret)
    return secret, public.raw


def agree(secret, public):
    shared = ctypes.create_string_buffer(32)
    if SODIUM.crypto_scalarmult_curve25519(shared, secret, public) != 0:
        raise ValueError("no agreement")
    return shared.raw


def sealed(key, counter, associated, plain):
    """ChaCha20-Poly1305 as Noise uses it."""
    out, count = ctypes.create_string_buffer(len(plain) + 16), ctypes.c_ulonglong()
    SODIUM.crypto_aead_chacha20poly1305_ietf_encrypt(
        out, ctypes.byref(count), plain, ctypes.c_ulonglong(len(plain)), associated,
        ctypes.c_ulonglong(len(associated)), None, struct.pack("<4xQ", counter), key)
    return out.raw


def opened(name, key, nonce, associated, words):
    """Of one of the two ciphers; nothing when it was not sealed like this."""
    out, count = ctypes.create_string_buffer(max(len(words) - 16, 1)), ctypes.c_ulonglong()
    wrong = getattr(SODIUM, f"crypto_aead_{name}_decrypt")(
        out, ctypes.byref(count), None, words, ctypes.c_ulonglong(len(words)), associated,
        ctypes.c_ulonglong(len(associated)), nonce, key)
    return None if wrong else out.raw[: count.value]


def masked(key, nonce, body):
    out = ctypes.create_string_buffer(len(body))
    SODIUM.crypto_stream_xchacha20_xor(out, body, ctypes.c_ulonglong(len(body)), nonce, key)
    return out.raw


class Address:
    """What everybody derives who knows a node's address."""

    def __init__(self, text):
        key, place = text.removeprefix("starling://").split("@")
        self.node = base64.urlsafe_b64decode(key + "=")
        token = b""
        if "token=" in place:
            words = place.split("token=")[1].split("&")[0]
            token = base64.urlsafe_b64decode(words + "==")
        host, port = place.split("?")[0].rsplit(":", 1)
        self.place = (host, int(port))
        self.mask = digest(b"VR1-mask", self.node + token)
        self.mac = digest(b"VR1-mac1", self.node)
        self.cookie = digest(b"VR1-cookie", self.node)
        self.psk = digest(b"VR1-psk", token) if token else bytes(32)

    def masked(self, body):
        nonce = os.urandom(24)
        return nonce + masked(self.mask, nonce, body)

    def unmasked(self, datagram):
        return masked(self.mask, datagram[:24], datagram[24:])


class Caller:
    """One handshake from its first message to its third; the identity is a new one."""

    def __init__(self, address):
        self.address = address
        self.index = os.urandom(4)
        self.secret, self.public = key_pair()
        self.chain = self.hash = NAME.ljust(64, b"\0")
        self.mix_hash(PROLOGUE)
        self.mix_hash(address.node)
        self.mix_hash(self.public)
        self.mix_key(self.public)
        self.mix_key(agree(self.secret, address.node))
        padding = random.randint(64, 255)
        payload = struct.pack(">QBBH4x", time.time_ns() // 1_000_000, 1, 0, 1_200)
        noise = self.public + self.seal(payload + bytes(padding))
        body = bytes([HELLO]) + self.index + noise
        self.body = body + mac(address.mac, body)

    def mix_hash(self, words):
        self.hash = hashlib.blake2b(self.hash + words).digest()

    def mix_key(self, material):
        self.chain, key = expand(self.chain, material, 2)
        self.key = key[:32]

    def seal(self, plain, counter=0):
        words = sealed(self.key, counter, self.hash, plain)
        self.mix_hash(words)
        return words

    def hello(self, cookie=None):
        """With proof of our address when the node asked for it."""
        proof = mac(cookie + bytes(16), self.body[:-16]) if cookie else bytes(16)
        return self.address.masked(self.body + proof)

    def cookie(self, body):
        return opened("xchacha20poly1305_ietf", self.address.cookie, body[5:29],
                      self.body[-16:], body[29:])

    def confirm(self, body):
        """The third message, from the second; nothing when that is not the node's."""
        theirs, words = body[9:41], body[41:]
        self.mix_hash(theirs)
        self.mix_key(theirs)
        self.mix_key(agree(self.secret, theirs))
        if opened("chacha20poly1305_ietf", self.key, bytes(12), self.hash, words) is None:
            return None
        self.mix_hash(words)
        secret, public = key_pair()
        # The key of message 2 is used a second time.
        who = self.seal(public, counter=1)
        self.mix_key(agree(secret, theirs))
        self.chain, words, key = expand(self.chain, self.address.psk, 3)
        self.key = key[:32]
        self.mix_hash(words)
        noise = who + self.seal(os.urandom(32) + bytes(random.randint(64, 255)))
        return self.address.masked(bytes([CONFIRM]) + body[1:5] + noise)
