#define _GNU_SOURCE
#include "sinks.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "loopback.h"

enum { SINK_BATCH = 64, SINK_SLOT = 2048 };

void sinks_init(sinks *self, sink_check check, void *context) {
  memset(self, 0, sizeof *self);
  self->check = check;
  self->context = context;
  self->poll = epoll_create1(EPOLL_CLOEXEC);
  if (self->poll < 0) fail("epoll_create1");
}

int sinks_add(sinks *self, int socket) {
  if (self->count == FLOOR_MAX_FANOUT) return -1;
  int index = self->count++;
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
  self->sockets[index] = socket;
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  if (epoll_ctl(self->poll, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
  return index;
}

void sinks_bind(sinks *self, int port, int count) {
  for (int index = 0; index < count; index++) sinks_add(self, loopback_bound(port + index, 0));
}

static void count_one(sinks *self, int sink, const uint8_t *datagram, size_t count) {
  self->delivered[sink]++;
  self->total++;
  self->bytes += count;
  if (self->check && self->total % SINK_SAMPLE == 0 &&
      !self->check(self->context, sink, datagram, count))
    self->bad++;
}

static void drain(sinks *self, int sink) {
  static uint8_t slots[SINK_BATCH][SINK_SLOT];
  static struct iovec parts[SINK_BATCH];
  static struct mmsghdr messages[SINK_BATCH];
  for (;;) {
    for (int i = 0; i < SINK_BATCH; i++) {
      parts[i] = (struct iovec){slots[i], SINK_SLOT};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int got = recvmmsg(self->sockets[sink], messages, SINK_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) count_one(self, sink, slots[i], messages[i].msg_len);
    if (got < SINK_BATCH) return;
  }
}

void sinks_wait(sinks *self, int milliseconds) {
  struct epoll_event events[FLOOR_MAX_FANOUT];
  int ready = epoll_wait(self->poll, events, FLOOR_MAX_FANOUT, milliseconds);
  for (int i = 0; i < ready; i++) drain(self, (int)events[i].data.u32);
}
