/* The least a relay can do: read a batch, open each datagram, seal it under F keys, send.
   No sessions, no replay window, no rules. What Starling's relay costs is quoted relative to it.

     relay_floor PORT SINKPORT F [PAYLOAD]

   PAYLOAD (80) is the plaintext size; a datagram of any other size is dropped. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cell.h"
#include "loopback.h"

enum {
  BATCH = 64,
  OUTPUTS = BATCH * FLOOR_MAX_FANOUT,
  SEND_MAX = 1024, /* UIO_MAXIOV: the kernel takes no more messages in one call */
};

static cell_key inbound, outbound[FLOOR_MAX_FANOUT];
static struct sockaddr_in destinations[FLOOR_MAX_FANOUT];
static int fanout;
static size_t payload_count = 80;

static uint8_t received[BATCH][CELL_MAX];
static struct iovec received_parts[BATCH];
static struct mmsghdr received_messages[BATCH];

static uint8_t *sealed; /* OUTPUTS slots of exactly one cell */
static struct iovec sealed_parts[OUTPUTS];
static struct mmsghdr sealed_messages[OUTPUTS];

static void prepare(void) {
  size_t cell = payload_count + CELL_OVERHEAD;
  sealed = malloc((size_t)BATCH * (size_t)fanout * cell);
  if (!sealed) fail("malloc");
  for (int i = 0; i < BATCH; i++) {
    received_parts[i] = (struct iovec){received[i], sizeof received[i]};
    received_messages[i].msg_hdr = (struct msghdr){.msg_iov = &received_parts[i], .msg_iovlen = 1};
  }
  for (int i = 0; i < BATCH * fanout; i++) {
    sealed_parts[i] = (struct iovec){sealed + (size_t)i * cell, cell};
    sealed_messages[i].msg_hdr = (struct msghdr){
        .msg_name = &destinations[i % fanout],
        .msg_namelen = sizeof destinations[0],
        .msg_iov = &sealed_parts[i],
        .msg_iovlen = 1,
    };
  }
}

/* Opens one datagram and seals its copies from output `first` on; returns how many. */
static int relay_one(const uint8_t *cell, size_t count, int first) {
  uint8_t payload[CELL_MAX];
  if (count != payload_count + CELL_OVERHEAD || cell_open(&inbound, cell, count, payload) < 0)
    return 0;
  for (int i = 0; i < fanout; i++)
    cell_seal(&outbound[i], cell, payload, payload_count, sealed_parts[first + i].iov_base);
  return fanout;
}

static void send_all(int socket, int count) {
  for (int done = 0; done < count;) {
    int some = count - done < SEND_MAX ? count - done : SEND_MAX;
    int sent = sendmmsg(socket, sealed_messages + done, (unsigned)some, 0);
    if (sent > 0)
      done += sent;
    else if (errno == ECONNREFUSED || errno == ENOBUFS)
      done++;
    else if (errno != EINTR)
      fail("sendmmsg");
  }
}

int main(int count, char **words) {
  if (count < 4 || sodium_init() < 0) {
    fprintf(stderr, "usage: relay_floor PORT SINKPORT F [PAYLOAD]\n");
    return 1;
  }
  fanout = atoi(words[3]);
  if (count > 4) payload_count = (size_t)atoi(words[4]);
  if (fanout < 1 || fanout > FLOOR_MAX_FANOUT || payload_count > CELL_MAX_PAYLOAD) return 1;

  inbound = cell_inbound_key();
  for (int i = 0; i < fanout; i++) {
    outbound[i] = cell_outbound_key(i);
    destinations[i] = loopback_address(atoi(words[2]) + i);
  }
  prepare();
  int socket = loopback_bound(atoi(words[1]), 0);
  for (;;) {
    int got = recvmmsg(socket, received_messages, BATCH, MSG_WAITFORONE, NULL);
    if (got < 0 && errno != EINTR && errno != ECONNREFUSED) fail("recvmmsg");
    int outputs = 0;
    for (int i = 0; i < got; i++)
      outputs += relay_one(received[i], received_messages[i].msg_len, outputs);
    send_all(socket, outputs);
  }
}
