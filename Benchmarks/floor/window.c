#define _GNU_SOURCE
#include "window.h"

#include <errno.h>
#include <sys/socket.h>

#include "loopback.h"

enum {
  WINDOW_BURST_MAX = 64,
  WINDOW_SLOT = 2048,
  WINDOW_POLL_MS = 1,
  WINDOW_SETTLE_MS = 100,
};
/* Nothing delivered for this long on loopback means lost, not late (guess). */
static const uint64_t stall_ns = 100000000u;

/* Datagrams filled so far; never reused, because a relay drops what it has seen before. */
static uint64_t next_index;

static void send_burst(const window_load *load, int count) {
  static uint8_t slots[WINDOW_BURST_MAX][WINDOW_SLOT];
  static struct iovec parts[WINDOW_BURST_MAX];
  static struct mmsghdr messages[WINDOW_BURST_MAX];
  for (int i = 0; i < count; i++) {
    size_t length = load->fill(load->context, next_index++, slots[i], WINDOW_SLOT);
    parts[i] = (struct iovec){slots[i], length};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  for (int done = 0; done < count;) {
    int sent = sendmmsg(load->socket, messages + done, (unsigned)(count - done), 0);
    if (sent > 0)
      done += sent;
    else if (errno != EINTR && errno != EAGAIN && errno != ECONNREFUSED)
      fail("sendmmsg");
  }
}

static void settle(sinks *ends, int milliseconds) {
  uint64_t end = monotonic_ns() + (uint64_t)milliseconds * 1000000u;
  while (monotonic_ns() < end) sinks_wait(ends, WINDOW_POLL_MS);
}

uint64_t window_warm_up(const window_load *load, sinks *ends, int count) {
  uint64_t before = ends->total;
  for (int i = 0; i < count; i++) {
    send_burst(load, 1);
    sinks_wait(ends, WINDOW_POLL_MS);
  }
  settle(ends, WINDOW_SETTLE_MS);
  return ends->total - before;
}

window_result window_run(const window_load *load, sinks *ends) {
  window_result result = {0};
  uint64_t total = ends->total, bytes = ends->bytes, bad = ends->bad, user, kernel;
  uint64_t fanout = (uint64_t)load->fanout;
  int burst = load->burst < WINDOW_BURST_MAX ? load->burst : WINDOW_BURST_MAX;

  process_cpu_ticks(load->relay, &user, &kernel);
  uint64_t cpu = process_cpu_ns(load->relay), start = monotonic_ns();
  uint64_t end = start + (uint64_t)(load->seconds * 1e9), moved = start, seen = total;
  for (uint64_t now = start; now < end; now = monotonic_ns()) {
    uint64_t back = (ends->total - total) / fanout + result.forgiven;
    uint64_t under_way = result.sent > back ? result.sent - back : 0;
    if (ends->total != seen) {
      seen = ends->total;
      moved = now;
    } else if (now - moved > stall_ns) {
      result.forgiven += under_way;
      under_way = 0;
      moved = now;
    }
    for (; under_way + (uint64_t)burst <= (uint64_t)load->window; under_way += (uint64_t)burst) {
      send_burst(load, burst);
      result.sent += (uint64_t)burst;
    }
    sinks_wait(ends, WINDOW_POLL_MS);
  }
  result.seconds = (double)(monotonic_ns() - start) / 1e9;
  settle(ends, WINDOW_SETTLE_MS);

  process_cpu_ticks(load->relay, &result.user_ticks, &result.kernel_ticks);
  result.user_ticks -= user;
  result.kernel_ticks -= kernel;
  result.cpu_us = (double)(process_cpu_ns(load->relay) - cpu) / 1e3;
  result.delivered = ends->total - total;
  result.bytes = ends->bytes - bytes;
  result.bad = ends->bad - bad;
  return result;
}
