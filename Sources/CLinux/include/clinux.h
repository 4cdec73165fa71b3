// The few Linux calls Swift cannot import. Plain types only: Swift's importer does not see the
// -D_GNU_SOURCE of this target. Functions that return int give 0 (or a count, descriptor or pid) or -errno.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>
#include <sys/types.h>

// epoll(7)
#define VIVA_EPOLLIN 0x001u
#define VIVA_EPOLLOUT 0x004u
#define VIVA_EPOLLERR 0x008u
#define VIVA_EPOLLHUP 0x010u
#define VIVA_EPOLLRDHUP 0x2000u

typedef struct {
  uint32_t events;
  uint64_t tag;
} viva_event;

int viva_epoll_new(void);
int viva_epoll_add(int epoll, int fd, uint32_t events, uint64_t tag);
int viva_epoll_mod(int epoll, int fd, uint32_t events, uint64_t tag);
int viva_epoll_del(int epoll, int fd);
/// Waits for at most `timeout_ms` (-1: for ever). Gives at most `max` (and at most 64) events; 0 also
/// when a signal came.
int viva_epoll_wait(int epoll, viva_event *out, int max, int timeout_ms);

/// A non-blocking eventfd(2).
int viva_eventfd(void);
/// Makes the descriptor readable. Any thread.
void viva_eventfd_poke(int fd);
/// Makes it unreadable again.
void viva_eventfd_drain(int fd);

// udp(7). A batch of datagrams lies in slots of equal size, one behind the other.
#define VIVA_UDP_BATCH 32
#define VIVA_UDP_SLOT 2048

/// An address in host byte order. IPv4 is IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2).
typedef struct {
  uint64_t high;
  uint64_t low;
} viva_ip;

typedef struct {
  viva_ip remote;
  /// The address that it was sent to, or that it shall be sent from; 0 leaves that to the kernel.
  viva_ip local;
  /// The remote one.
  uint16_t port;
  /// Of what is in the slot, in bytes; 0 for a datagram received that was longer than a slot.
  uint16_t length;
} viva_datagram;

/// A non-blocking socket bound to `ip` and `port` (0: any), for the addresses of one family. The buffers are as large as
/// the kernel allows, up to what is wanted.
int viva_udp_open(viva_ip ip, uint16_t port, int receive_bytes, int send_bytes);
/// The port that it is bound to.
int viva_udp_port(int fd);
/// Takes what is there, at most `max` and at most VIVA_UDP_BATCH datagrams. `dropped` becomes the number of those that
/// found the receive buffer full since the socket was opened, when the kernel tells it.
int viva_udp_receive(int fd, uint8_t *slots, viva_datagram *out, int max, uint32_t *dropped);
/// Sends what the kernel takes at once, in order, and leaves out what cannot be sent at all.
/// Returns how many were sent: the rest is lost.
int viva_udp_send(int fd, const uint8_t *slots, const viva_datagram *in, int count);

/// Binds the calling thread to one core.
int viva_pin_thread(int cpu);
/// CLOCK_MONOTONIC.
uint64_t viva_mono_ns(void);
/// CPU time of the calling thread.
uint64_t viva_thread_cpu_ns(void);

/// A descriptor that turns readable when the process ends.
int viva_pidfd_open(pid_t pid);

/// Starts a process as leader of a new process group, with stdin from /dev/null, stdout and stderr to
/// `log_fd`, every other descriptor closed, no signal blocked or ignored. `argv[0]` is looked up in
/// the PATH of this process unless it has a slash; `cwd` may be NULL.
///
/// The process is killed when the calling *thread* ends (PR_SET_PDEATHSIG): call from one that lives
/// as long as the process shall.
///
/// Returns the pid, or -errno when the process could not be started or `argv[0]` not executed.
pid_t viva_spawn(char *const argv[], char *const envp[], const char *cwd, int log_fd);

typedef struct {
  /// Exit status; -1 when a signal ended the process.
  int exit_code;
  /// 0 when the process exited by itself.
  int signal;
} viva_exit;

/// Reaps a child that has ended, without waiting: 1 and fills `out`, or 0 when it still runs.
int viva_reap(pid_t pid, viva_exit *out);

#endif
