// What Swift's Glibc module leaves out of Linux: epoll and its relatives, batched datagrams,
// process flags, Unix sockets.
#ifndef STARLING_CLINUX_H
#define STARLING_CLINUX_H

#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

// Declared by <sys/socket.h> only under _GNU_SOURCE, which modules are not built with.
#ifndef __USE_GNU
struct mmsghdr {
  struct msghdr msg_hdr;
  unsigned int msg_len;
};
extern int recvmmsg(int, struct mmsghdr *, unsigned int, int, struct timespec *);
extern int sendmmsg(int, struct mmsghdr *, unsigned int, int);
#endif

// prctl is variadic, which Swift does not import.
static inline int starling_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// Whether the kernel believes that something keeps its clock right; -1 when it does not say.
static inline int starling_clock_is_set(void) {
  struct timex now = {0};
  if (adjtimex(&now) < 0) return -1;
  return (now.status & STA_UNSYNC) == 0;
}

static const uint32_t starling_epollin = EPOLLIN;
static const uint32_t starling_epollout = EPOLLOUT;
static const uint32_t starling_epollerr = EPOLLERR | EPOLLHUP;
static const int starling_timer_absolute = TFD_TIMER_ABSTIME;

#endif
