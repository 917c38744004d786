/*
 * Makes the disk and the wall clock of a process fail on command: loaded with LD_PRELOAD, with FAULT_FOLDER (the files
 * that are hit lie in it) and FAULT_CONTROL in the environment. The control file holds two numbers of 8 bytes, which
 * the test may change at any time: the errno that writes, and with 1000 added syncs alone, fail with (0: none), and the
 * seconds by which the wall clock is off.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *control;
static const char *folder;

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULT_CONTROL");
  folder = getenv("FAULT_FOLDER");
  if (!path || !folder) return;
  int (*open_real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  int fd = open_real(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) control = mapped;
  close(fd);
}

static int is_hit(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

/* What a call on this file fails with; 0: nothing. */
static int fault(int fd, int is_sync) {
  int64_t code = control ? control[0] : 0;
  if (code == 0 || (code >= 1000 && !is_sync) || !is_hit(fd)) return 0;
  return (int)(code % 1000);
}

#define FAIL(is_sync) int code = fault(fd, is_sync); if (code) { errno = code; return -1; }

ssize_t write(int fd, const void *data, size_t size) { REAL(write); FAIL(0) return real(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { REAL(pwrite); FAIL(0) return real(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { REAL(pwrite64); FAIL(0) return real(fd, data, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { REAL(writev); FAIL(0) return real(fd, parts, count); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { REAL(pwritev); FAIL(0) return real(fd, parts, count, at); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); FAIL(0) return real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); FAIL(0) return real(fd, size); }
int fsync(int fd) { REAL(fsync); FAIL(1) return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); FAIL(1) return real(fd); }

/* On a file system that has become read-only nothing can be opened for writing either. */
static int is_refused(const char *path, int flags) {
  if (!control || control[0] != EROFS || (flags & O_ACCMODE) == O_RDONLY) return 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}
#define OPEN(name) int name(const char *path, int flags, ...) { REAL(name); mode_t mode = 0; \
  if (flags & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
  if (is_refused(path, flags)) { errno = EROFS; return -1; } \
  return real(path, flags, mode); }
OPEN(open)
OPEN(open64)

static int64_t off(void) { return control ? control[1] : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  int outcome = real(clock, now);
  if (outcome == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += off();
  return outcome;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  REAL(gettimeofday);
  int outcome = real(now, zone);
  if (outcome == 0) now->tv_sec += off();
  return outcome;
}
time_t time(time_t *now) {
  REAL(time);
  time_t found = real(NULL) + off();
  if (now) *now = found;
  return found;
}
