#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
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
