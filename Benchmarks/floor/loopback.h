/* Sockets on 127.0.0.1 and the clocks the measurement reads. */
#ifndef STARLING_FLOOR_LOOPBACK_H
#define STARLING_FLOOR_LOOPBACK_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

struct sockaddr_in loopback_address(int port);

/* A bound UDP socket with large buffers; ends the program when the port is taken. */
int loopback_bound(int port, int flags);

/* A UDP socket connected to `port`. */
int loopback_connected(int port);

uint64_t monotonic_ns(void);

/* User and system time of all threads of `process` so far; 0 when it is gone. */
uint64_t process_cpu_ns(pid_t process);

/* The same from /proc in clock ticks, split in two: coarse, but says where the time went. */
void process_cpu_ticks(pid_t process, uint64_t *user, uint64_t *kernel);

/* Says what failed and why, and ends the program. */
_Noreturn void fail(const char *what);

#endif
