/* Closed-loop load: never more than `window` datagrams between the sender and the sinks, so that
   the relay works at its own pace and nothing is lost to a queue. */
#ifndef STARLING_FLOOR_WINDOW_H
#define STARLING_FLOOR_WINDOW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sinks.h"

/* Writes datagram `index` into `slot` and returns its length. */
typedef size_t (*window_fill)(void *context, uint64_t index, uint8_t *slot, size_t capacity);

typedef struct {
  int socket;    /* connected to the relay */
  int fanout;    /* deliveries due for each datagram sent */
  int window;    /* datagrams under way at most */
  int burst;     /* datagrams sent at once */
  double seconds;
  pid_t relay;   /* whose CPU time is read */
  window_fill fill;
  void *context;
} window_load;

typedef struct {
  uint64_t sent;
  uint64_t delivered;
  uint64_t bytes;
  uint64_t bad;
  uint64_t forgiven; /* given up as lost, so that the window opened again */
  double seconds;
  double cpu_us;     /* the relay's, user and system */
  uint64_t user_ticks;
  uint64_t kernel_ticks;
} window_result;

/* Sends `count` datagrams one at a time and returns how many deliveries came of them. */
uint64_t window_warm_up(const window_load *load, sinks *ends, int count);

window_result window_run(const window_load *load, sinks *ends);

#endif
