/* Loads a relay on loopback and prints what each delivered datagram cost it.

     udp_load RELAY_PID PORT SINKPORT F [PAYLOAD [WINDOW [BURST [SECONDS]]]]

   One line of name=value. A delivery that does not open under its destination's key fails the
   run. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "loopback.h"
#include "window.h"

enum { WARM_UP = 50 };

typedef struct {
  cell_key inbound;
  size_t payload;
} cells;

static uint8_t expected_byte(uint64_t counter, size_t offset) {
  return (uint8_t)(counter + offset);
}

static size_t fill(void *context, uint64_t index, uint8_t *slot, size_t capacity) {
  const cells *self = context;
  uint8_t payload[CELL_MAX_PAYLOAD];
  if (self->payload + CELL_OVERHEAD > capacity) return 0;
  for (size_t i = 0; i < self->payload; i++) payload[i] = expected_byte(index, i);
  return cell_seal(&self->inbound, (const uint8_t *)&index, payload, self->payload, slot);
}

static bool check(void *context, int sink, const uint8_t *datagram, size_t count) {
  const cells *self = context;
  uint8_t payload[CELL_MAX];
  uint64_t counter;
  cell_key key = cell_outbound_key(sink);
  if (cell_open(&key, datagram, count, payload) != (long)self->payload) return false;
  memcpy(&counter, datagram, sizeof counter);
  for (size_t i = 0; i < self->payload; i++)
    if (payload[i] != expected_byte(counter, i)) return false;
  return true;
}

static double argument(int count, char **words, int index, double otherwise) {
  return count > index ? atof(words[index]) : otherwise;
}

int main(int count, char **words) {
  static sinks ends;
  if (count < 5 || sodium_init() < 0) {
    fprintf(stderr, "usage: udp_load RELAY_PID PORT SINKPORT F [PAYLOAD [WINDOW [BURST [S]]]]\n");
    return 1;
  }
  cells source = {cell_inbound_key(), (size_t)argument(count, words, 5, 80)};
  window_load load = {
      .socket = loopback_connected(atoi(words[2])),
      .fanout = atoi(words[4]),
      .window = (int)argument(count, words, 6, 64),
      .burst = (int)argument(count, words, 7, 16),
      .seconds = argument(count, words, 8, 2),
      .relay = atoi(words[1]),
      .fill = fill,
      .context = &source,
  };
  if (load.fanout < 1 || load.fanout > FLOOR_MAX_FANOUT || load.burst < 1 ||
      source.payload > CELL_MAX_PAYLOAD)
    return 1;
  sinks_init(&ends, check, &source);
  sinks_bind(&ends, atoi(words[3]), load.fanout);

  uint64_t due = (uint64_t)WARM_UP * (uint64_t)load.fanout;
  uint64_t warm = window_warm_up(&load, &ends, WARM_UP);
  if (warm != due)
    fprintf(stderr, "warm-up: %llu of %llu\n", (unsigned long long)warm, (unsigned long long)due);
  window_result result = window_run(&load, &ends);
  if (result.delivered == 0) {
    fprintf(stderr, "nothing was delivered\n");
    return 1;
  }
  printf("fanout=%d payload=%zu datagram=%.1f sent=%llu delivered=%llu lost=%.5f bad=%llu "
         "cpu_us_per_delivered=%.3f delivered_per_s=%.0f busy=%.2f user_ticks=%llu "
         "kernel_ticks=%llu\n",
         load.fanout, source.payload, (double)result.bytes / (double)result.delivered,
         (unsigned long long)result.sent, (unsigned long long)result.delivered,
         1 - (double)result.delivered / ((double)result.sent * load.fanout),
         (unsigned long long)result.bad, result.cpu_us / (double)result.delivered,
         (double)result.delivered / result.seconds, result.cpu_us / 1e6 / result.seconds,
         (unsigned long long)result.user_ticks, (unsigned long long)result.kernel_ticks);
  return result.bad == 0 ? 0 : 1;
}
