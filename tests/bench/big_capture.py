#!/usr/bin/env python3
"""Writes a big capture to standard output, to measure `twlab explain` with.

usage: big_capture.py bulk|short|flood BYTES

bulk: connections of 200 full segments; short: of one; flood: SYNs that nobody answers.
"""
import random
import struct
import sys

ETHERNET = bytes(5) + b"\2" + bytes(5) + b"\4\x08\0"
SERVER = bytes([192, 0, 2, 1])
PAYLOAD = bytes(1460)
FIN, SYN, ACK = 1, 2, 16


class Capture:
    def __init__(self, out):
        self.out, self.time, self.id = out, 1_700_000_000_000_000, 0
        self.written = out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def add(self, source, destination, seq, ack, flags, length=0):
        """Endpoints are (address, port); 5 us pass."""
        self.time += 5
        self.id = (self.id + 1) & 0xFFFF
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + length, self.id, 0x4000, 64, 6, 0,
                         source[0], destination[0])
        tcp = struct.pack(">HHIIBBHHH", source[1], destination[1], seq & 0xFFFFFFFF,
                          ack & 0xFFFFFFFF, 0x50, flags, 64240, 0, 0)
        frame = ETHERNET + ip + tcp + PAYLOAD[:length]
        head = struct.pack("<IIII", self.time // 1_000_000, self.time % 1_000_000, len(frame),
                           len(frame))
        self.written += self.out.write(head + frame)


def connection(capture, client, server, segments):
    c, s = random.getrandbits(32), random.getrandbits(32)
    capture.add(client, server, c, 0, SYN)
    capture.add(server, client, s, c + 1, SYN | ACK)
    capture.add(client, server, c + 1, s + 1, ACK)
    for i in range(segments):
        capture.add(server, client, s + 1 + 1460 * i, c + 1, ACK, 1460)
        if i % 2:
            capture.add(client, server, c + 1, s + 1 + 1460 * (i + 1), ACK)
    end = s + 1 + 1460 * segments
    capture.add(server, client, end, c + 1, FIN | ACK)
    capture.add(client, server, c + 1, end + 1, FIN | ACK)
    capture.add(server, client, end + 1, c + 2, ACK)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("bulk", "short", "flood"):
        sys.exit(__doc__.strip())
    kind, size = sys.argv[1], int(float(sys.argv[2]))
    random.seed(1)
    capture = Capture(sys.stdout.buffer)
    number = 0
    while capture.written < size:
        number += 1
        client = (bytes([10]) + number.to_bytes(4, "big")[1:], 1024 + number % 60000)
        if kind == "flood":
            capture.add(client, (SERVER, 80), random.getrandbits(32), 0, SYN)
        else:
            connection(capture, client, (SERVER, 80), 1 if kind == "short" else 200)


main()
