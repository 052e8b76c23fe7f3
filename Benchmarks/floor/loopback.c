#define _GNU_SOURCE
#include "loopback.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Room for a few thousand datagrams, so that a burst is never lost to a short queue (guess). */
enum { SOCKET_BUFFER = 4 << 20 };

void fail(const char *what) {
  perror(what);
  exit(2);
}

struct sockaddr_in loopback_address(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int socket_with_buffers(int flags) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);
  int size = SOCKET_BUFFER;
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return fd;
}

int loopback_bound(int port, int flags) {
  int fd = socket_with_buffers(flags);
  struct sockaddr_in address = loopback_address(port);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
  return fd;
}

int loopback_connected(int port) {
  int fd = socket_with_buffers(0);
  struct sockaddr_in address = loopback_address(port);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  return fd;
}

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t monotonic_ns(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t process_cpu_ns(pid_t process) {
  clockid_t clock;
  return clock_getcpuclockid(process, &clock) == 0 ? read_clock(clock) : 0;
}

void process_cpu_ticks(pid_t process, uint64_t *user, uint64_t *kernel) {
  char path[64], text[1024];
  *user = *kernel = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  FILE *file = fopen(path, "r");
  if (!file) return;
  size_t count = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[count] = 0;
  /* The name in parentheses may hold spaces; field 3 follows its last parenthesis. */
  char *field = strrchr(text, ')');
  for (int number = 2; field && number < 14; number++) field = strchr(field + 1, ' ');
  if (!field) return;
  *user = strtoull(field, &field, 10);
  *kernel = strtoull(field, NULL, 10);
}
