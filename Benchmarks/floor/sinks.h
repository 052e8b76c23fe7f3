/* Where delivered datagrams end: sockets that count. They may be bound here, or opened by a caller
   that has already spoken through them, such as one that holds a Starling link on each. */
#ifndef STARLING_FLOOR_SINKS_H
#define STARLING_FLOOR_SINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"

/* Asked about one datagram in SINK_SAMPLE; false counts as bad. */
typedef bool (*sink_check)(void *context, int sink, const uint8_t *datagram, size_t count);

enum { SINK_SAMPLE = 64 };

typedef struct {
  int poll;
  int count;
  int sockets[FLOOR_MAX_FANOUT];
  uint64_t delivered[FLOOR_MAX_FANOUT];
  uint64_t total;
  uint64_t bytes;
  uint64_t bad;
  sink_check check;
  void *context;
} sinks;

void sinks_init(sinks *self, sink_check check, void *context);

/* Takes over a socket and makes it non-blocking; returns its index. */
int sinks_add(sinks *self, int socket);

/* Binds `count` sockets to consecutive ports from `port`. */
void sinks_bind(sinks *self, int port, int count);

/* Waits up to `milliseconds` for something to arrive and counts all that has. */
void sinks_wait(sinks *self, int milliseconds);

#endif
