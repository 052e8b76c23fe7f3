# SPDX-License-Identifier: Apache-2.0
"""Packets of a namespace's interface, and sockets in it, for a program that stays outside."""

import contextlib
import ctypes
import os
import socket
import struct
import threading
import time

import laboratory as lab

ETH_P_ALL, ETH_P_IP = 3, 0x0800
OUTGOING = 4
CLONE_NEWNET = 0x4000_0000
LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def within(number):
    """This thread's sockets are made in a node's namespace; they stay there afterwards."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    away = os.open("/run/netns/" + lab.namespace(number), os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(away)
        try:
            yield
        finally:
            enter(home)
    finally:
        os.close(home)
        os.close(away)


def enter(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def udp_socket(number, source=None, port=0):
    with within(number):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((source or lab.address(number), port))
    return made


class Datagram:
    """One UDP datagram over IPv4."""

    __slots__ = ("time", "outgoing", "source", "target", "payload")

    def __init__(self, moment, outgoing, packet):
        header = (packet[0] & 15) * 4
        self.time = moment
        self.outgoing = outgoing
        source, target = struct.unpack_from("!HH", packet, header)
        length = struct.unpack_from("!H", packet, header + 4)[0]
        self.source = (socket.inet_ntoa(packet[12:16]), source)
        self.target = (socket.inet_ntoa(packet[16:20]), target)
        self.payload = packet[header + 8 : header + length]


class Capture:
    """What passes a node's interface, from now until `stop`.

    With `only_incoming` the program's own packets are not copied, so that a flood can be sent
    while answers are counted.
    """

    def __init__(self, number, only_incoming=False, keep=True):
        kind = ETH_P_IP if only_incoming else ETH_P_ALL
        with within(number):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE
        self.socket.bind(("eth0", kind))
        self.socket.settimeout(0.1)
        self.keep = keep
        self.datagrams = []
        self.packets = 0
        self.bytes = 0
        self.ending = False
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        while not self.ending:
            try:
                packet, where = self.socket.recvfrom(65_536)
            except TimeoutError:
                continue
            if where[1] != ETH_P_IP:
                continue
            self.packets += 1
            self.bytes += len(packet)
            if self.keep and packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_UDP:
                self.datagrams.append(Datagram(time.monotonic(), where[2] == OUTGOING, packet))

    def dropped(self):
        """Packets the kernel could not hand over: a capture that has any proves nothing."""
        return struct.unpack("II", self.socket.getsockopt(263, 6, 8))[1]  # PACKET_STATISTICS

    def stop(self):
        self.ending = True
        self.thread.join()
        lost = self.dropped()
        self.socket.close()
        if lost:
            raise lab.Failed(f"the capture lost {lost} packets")
        return self.datagrams
