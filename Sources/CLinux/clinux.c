#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Static_assert(VIVA_EPOLLIN == EPOLLIN && VIVA_EPOLLOUT == EPOLLOUT && VIVA_EPOLLERR == EPOLLERR
                   && VIVA_EPOLLHUP == EPOLLHUP && VIVA_EPOLLRDHUP == EPOLLRDHUP,
               "epoll constants");

static int result(int value) { return value < 0 ? -errno : value; }

// MARK: epoll, eventfd

int viva_epoll_new(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t tag) {
  struct epoll_event event = {.events = events, .data.u64 = tag};
  return result(epoll_ctl(epoll, operation, fd, &event));
}

int viva_epoll_add(int epoll, int fd, uint32_t events, uint64_t tag) {
  return control(epoll, EPOLL_CTL_ADD, fd, events, tag);
}

int viva_epoll_mod(int epoll, int fd, uint32_t events, uint64_t tag) {
  return control(epoll, EPOLL_CTL_MOD, fd, events, tag);
}

int viva_epoll_del(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int viva_epoll_wait(int epoll, viva_event *out, int max, int timeout_ms) {
  struct epoll_event events[64];
  int count = epoll_wait(epoll, events, max < 64 ? max : 64, timeout_ms);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) out[i] = (viva_event){events[i].events, events[i].data.u64};
  return count;
}

int viva_eventfd(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

// The write fails only when the counter is full and the read only when it is 0: both are as wanted.
void viva_eventfd_poke(int fd) {
  uint64_t one = 1;
  (void)!write(fd, &one, sizeof one);
}

void viva_eventfd_drain(int fd) {
  uint64_t count;
  (void)!read(fd, &count, sizeof count);
}

// MARK: UDP

static const uint64_t mapped = 0xFFFFull << 32;

static int is_ipv4(viva_ip ip) { return ip.high == 0 && ip.low >> 32 == 0xFFFF; }

static struct in_addr to_in(viva_ip ip) { return (struct in_addr){htonl((uint32_t)ip.low)}; }

static viva_ip from_in(struct in_addr address) { return (viva_ip){0, mapped | ntohl(address.s_addr)}; }

static struct in6_addr to_in6(viva_ip ip) {
  struct in6_addr address;
  uint64_t words[2] = {__builtin_bswap64(ip.high), __builtin_bswap64(ip.low)};
  memcpy(&address, words, sizeof address);
  return address;
}

static viva_ip from_in6(const struct in6_addr *address) {
  uint64_t words[2];
  memcpy(words, address, sizeof words);
  return (viva_ip){__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the byte order of viva_ip");

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} name;

static socklen_t make_name(name *out, viva_ip ip, uint16_t port) {
  memset(out, 0, sizeof *out);
  if (is_ipv4(ip)) {
    out->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = to_in(ip)};
    return sizeof out->v4;
  }
  out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = to_in6(ip)};
  return sizeof out->v6;
}

static int set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

// What is wanted is more than net.core.rmem_max allows an ordinary process, as a rule: then that is what there is.
static void set_buffer(int fd, int force, int option, int bytes) {
  if (set(fd, SOL_SOCKET, force, bytes) < 0) (void)set(fd, SOL_SOCKET, option, bytes);
}

int viva_udp_open(viva_ip ip, uint16_t port, int receive_bytes, int send_bytes) {
  int v4 = is_ipv4(ip);
  int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) return -errno;
  int failed = v4 ? set(fd, IPPROTO_IP, IP_PKTINFO, 1)
                  : set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0 || set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) < 0;
  name local;
  socklen_t length = make_name(&local, ip, port);
  if (failed || bind(fd, &local.any, length) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  // Without the counter of drops media flows all the same.
  (void)set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, receive_bytes);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, send_bytes);
  return fd;
}

int viva_udp_port(int fd) {
  name local;
  socklen_t length = sizeof local;
  if (getsockname(fd, &local.any, &length) < 0) return -errno;
  return ntohs(local.any.sa_family == AF_INET ? local.v4.sin_port : local.v6.sin6_port);
}

#define CONTROL_BYTES (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t)))

typedef union {
  struct cmsghdr header;
  char bytes[CONTROL_BYTES];
} control_data;

static void read_control(struct msghdr *message, viva_datagram *out, uint32_t *dropped) {
  for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
    if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      // ipi_addr is what the header says; answers go from ipi_spec_dst, which differs for broadcasts.
      out->local = from_in(info.ipi_spec_dst);
    } else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(item), sizeof info);
      out->local = from_in6(&info.ipi6_addr);
    } else if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SO_RXQ_OVFL) {
      memcpy(dropped, CMSG_DATA(item), sizeof *dropped);
    }
  }
}

int viva_udp_receive(int fd, uint8_t *slots, viva_datagram *out, int max, uint32_t *dropped) {
  struct mmsghdr messages[VIVA_UDP_BATCH];
  struct iovec parts[VIVA_UDP_BATCH];
  name names[VIVA_UDP_BATCH];
  control_data controls[VIVA_UDP_BATCH];
  if (max > VIVA_UDP_BATCH) max = VIVA_UDP_BATCH;
  for (int i = 0; i < max; i++) {
    parts[i] = (struct iovec){slots + (size_t)i * VIVA_UDP_SLOT, VIVA_UDP_SLOT};
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &names[i], .msg_namelen = sizeof names[i], .msg_iov = &parts[i], .msg_iovlen = 1,
        .msg_control = controls[i].bytes, .msg_controllen = CONTROL_BYTES};
  }
  int count = recvmmsg(fd, messages, (unsigned)max, MSG_DONTWAIT, NULL);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    struct msghdr *message = &messages[i].msg_hdr;
    out[i] = (viva_datagram){.length = message->msg_flags & MSG_TRUNC ? 0 : (uint16_t)messages[i].msg_len};
    if (names[i].any.sa_family == AF_INET) {
      out[i].remote = from_in(names[i].v4.sin_addr);
      out[i].port = ntohs(names[i].v4.sin_port);
    } else {
      out[i].remote = from_in6(&names[i].v6.sin6_addr);
      out[i].port = ntohs(names[i].v6.sin6_port);
    }
    read_control(message, &out[i], dropped);
  }
  return count;
}

static size_t write_control(control_data *out, viva_ip local) {
  struct cmsghdr *item = &out->header;
  memset(out, 0, sizeof *out);
  if (is_ipv4(local)) {
    struct in_pktinfo info = {.ipi_spec_dst = to_in(local)};
    *item = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(item), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  struct in6_pktinfo info = {.ipi6_addr = to_in6(local)};
  *item = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
  memcpy(CMSG_DATA(item), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

int viva_udp_send(int fd, const uint8_t *slots, const viva_datagram *in, int count) {
  struct mmsghdr messages[VIVA_UDP_BATCH];
  struct iovec parts[VIVA_UDP_BATCH];
  name names[VIVA_UDP_BATCH];
  control_data controls[VIVA_UDP_BATCH];
  if (count > VIVA_UDP_BATCH) count = VIVA_UDP_BATCH;
  for (int i = 0; i < count; i++) {
    parts[i] = (struct iovec){(void *)(slots + (size_t)i * VIVA_UDP_SLOT), in[i].length};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &names[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    messages[i].msg_hdr.msg_namelen = make_name(&names[i], in[i].remote, in[i].port);
    if (in[i].local.high | in[i].local.low) {
      messages[i].msg_hdr.msg_control = controls[i].bytes;
      messages[i].msg_hdr.msg_controllen = write_control(&controls[i], in[i].local);
    }
  }
  int done = 0, sent = 0;
  while (done < count) {
    int result = sendmmsg(fd, messages + done, (unsigned)(count - done), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result > 0) {
      done += result;
      sent += result;
    } else if (result < 0 && errno == EINTR) {
      continue;
    } else if (result == 0 || errno == EAGAIN || errno == ENOBUFS) {
      break;
    } else {
      done++;  // this destination's own fault
    }
  }
  return sent;
}

// MARK: threads, clocks

int viva_pin_thread(int cpu) {
  if (cpu < 0 || cpu >= CPU_SETSIZE) return -EINVAL;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t viva_mono_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t viva_thread_cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

// MARK: processes

int viva_pidfd_open(pid_t pid) { return result((int)syscall(SYS_pidfd_open, pid, 0)); }

// Between fork and exec only async-signal-safe calls: another thread may have held any lock.
static void become(char *const argv[], char *const envp[], const char *cwd, int log_fd, pid_t parent) {
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return;
  if (getppid() != parent) _exit(127);  // it died before the prctl

  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);

  // Should this process run without stdin, stdout or stderr, log_fd may be one of them.
  int log = fcntl(log_fd, F_DUPFD, 3);
  int null = open("/dev/null", O_RDONLY);
  if (log < 0 || null < 0) return;
  if (dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) return;
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return;

  if (cwd && chdir(cwd) < 0) return;
  execvpe(argv[0], argv, envp);
}

pid_t viva_spawn(char *const argv[], char *const envp[], const char *cwd, int log_fd) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  // The pipe must survive the child's dup2 onto 0...2.
  int safe = fcntl(report[1], F_DUPFD_CLOEXEC, 3);
  int failure = errno;
  close(report[1]);
  if (safe < 0) {
    close(report[0]);
    return -failure;
  }

  // No handler of ours may run in the child.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    become(argv, envp, cwd, log_fd, parent);
    failure = errno;
    (void)!write(safe, &failure, sizeof failure);
    _exit(127);
  }
  failure = pid < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(safe);

  if (pid > 0) {
    ssize_t got;
    do got = read(report[0], &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    if (failure) waitpid(pid, NULL, 0);
  }
  close(report[0]);
  return failure ? -failure : pid;
}

int viva_reap(pid_t pid, viva_exit *out) {
  int status;
  pid_t got = waitpid(pid, &status, WNOHANG);
  if (got <= 0) return result(got);
  *out = WIFSIGNALED(status) ? (viva_exit){-1, WTERMSIG(status)} : (viva_exit){WEXITSTATUS(status), 0};
  return 1;
}
