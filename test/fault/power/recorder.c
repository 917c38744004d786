/*
 * Writes down what a process does to the files of one folder, so that a power cut can be played at any moment of it:
 * loaded with LD_PRELOAD, with RECORDER_FOLDER and RECORDER_TRACE in the environment. A change is written down before
 * it happens, a sync after it has: what the trace holds before a sync is on the disk, the rest may be.
 *
 * A record: kind (1 byte), inode (8), a (8), b (8), the size of the data (4), the data; numbers in the machine's order.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NAME = 1, WRITE = 2, TRUNCATE = 3, SYNC = 4, RENAME = 5, UNLINK = 6, LINK = 7, FOLDER = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static char folder[PATH_MAX];
static size_t folder_size;

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("RECORDER_TRACE"), *wanted = getenv("RECORDER_FOLDER");
  if (!path || !wanted) return;
  folder_size = (size_t)snprintf(folder, sizeof folder, "%s", wanted);
  int (*open_real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  trace = open_real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(uint8_t kind, uint64_t inode, uint64_t a, uint64_t b, const void *data, uint32_t size) {
  static ssize_t (*real)(int, const struct iovec *, int);
  if (!real) real = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
  uint8_t head[29];
  head[0] = kind;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &a, 8);
  memcpy(head + 17, &b, 8);
  memcpy(head + 25, &size, 4);
  struct iovec parts[2] = {{head, sizeof head}, {(void *)data, size}};
  if (real(trace, parts, 2) != (ssize_t)(sizeof head + size)) abort();
}

/* The path as it stands in the trace; null when it lies elsewhere. */
static const char *inside(int at, const char *path, char *space) {
  if (trace < 0 || !path) return NULL;
  if (path[0] == '/') snprintf(space, PATH_MAX, "%s", path);
  else {
    char link[64], base[PATH_MAX];
    if (at == AT_FDCWD) { if (!getcwd(base, sizeof base)) return NULL; }
    else {
      snprintf(link, sizeof link, "/proc/self/fd/%d", at);
      ssize_t size = readlink(link, base, sizeof base - 1);
      if (size < 0) return NULL;
      base[size] = 0;
    }
    if (snprintf(space, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return NULL;
  }
  if (strncmp(space, folder, folder_size) || (space[folder_size] && space[folder_size] != '/')) return NULL;
  return space + folder_size;
}

/* The inode of an open file inside the folder; 0: it lies elsewhere, or is of no interest after a power cut. */
static uint64_t inode_of(int fd) {
  if (trace < 0 || fd == trace) return 0;
  char link[64], path[PATH_MAX], space[PATH_MAX];
  struct stat found;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  const char *name = inside(AT_FDCWD, path, space);
  if (!name || strstr(name, "-shm") || fstat(fd, &found)) return 0;
  return S_ISREG(found.st_mode) || S_ISDIR(found.st_mode) ? found.st_ino : 0;
}

static void note_open(int fd, int at, const char *path, int flags) {
  char space[PATH_MAX];
  struct stat found;
  const char *name = fd < 0 ? NULL : inside(at, path, space);
  if (!name || strstr(name, "-shm") || fstat(fd, &found)) return;
  if (!(S_ISREG(found.st_mode) || S_ISDIR(found.st_mode))) return;
  pthread_mutex_lock(&lock);
  put(S_ISDIR(found.st_mode) ? FOLDER : NAME, found.st_ino, 0, 0, name, (uint32_t)strlen(name));
  if (flags & O_TRUNC) put(TRUNCATE, found.st_ino, 0, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
}

#define MODE() mode_t mode = 0; if (flags & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { REAL(open); MODE(); int fd = real(path, flags, mode); note_open(fd, AT_FDCWD, path, flags); return fd; }
int open64(const char *path, int flags, ...) { REAL(open64); MODE(); int fd = real(path, flags, mode); note_open(fd, AT_FDCWD, path, flags); return fd; }
int openat(int at, const char *path, int flags, ...) { REAL(openat); MODE(); int fd = real(at, path, flags, mode); note_open(fd, at, path, flags); return fd; }
int openat64(int at, const char *path, int flags, ...) { REAL(openat64); MODE(); int fd = real(at, path, flags, mode); note_open(fd, at, path, flags); return fd; }

static uint64_t place_of(int fd) {
  if (fcntl(fd, F_GETFL) & O_APPEND) { struct stat found; return fstat(fd, &found) ? 0 : (uint64_t)found.st_size; }
  off_t at = lseek(fd, 0, SEEK_CUR);
  return at < 0 ? 0 : (uint64_t)at;
}

#define CHANGE(condition, record, call) { int saved = errno; uint64_t inode = inode_of(fd); errno = saved; \
  if (!inode || !(condition)) { return call; } \
  pthread_mutex_lock(&lock); record; __typeof__(call) outcome = call; pthread_mutex_unlock(&lock); return outcome; }

ssize_t write(int fd, const void *data, size_t size) { REAL(write); CHANGE(size, put(WRITE, inode, place_of(fd), 0, data, (uint32_t)size), real(fd, data, size)) }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { REAL(pwrite); CHANGE(size, put(WRITE, inode, (uint64_t)at, 0, data, (uint32_t)size), real(fd, data, size, at)) }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { REAL(pwrite64); CHANGE(size, put(WRITE, inode, (uint64_t)at, 0, data, (uint32_t)size), real(fd, data, size, at)) }

static void put_all(uint64_t inode, uint64_t at, const struct iovec *parts, int count) {
  for (int i = 0; i < count; at += parts[i++].iov_len) put(WRITE, inode, at, 0, parts[i].iov_base, (uint32_t)parts[i].iov_len);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { REAL(writev); CHANGE(count, put_all(inode, place_of(fd), parts, count), real(fd, parts, count)) }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { REAL(pwritev); CHANGE(count, put_all(inode, (uint64_t)at, parts, count), real(fd, parts, count, at)) }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { REAL(pwritev64); CHANGE(count, put_all(inode, (uint64_t)at, parts, count), real(fd, parts, count, at)) }
int ftruncate(int fd, off_t size) { REAL(ftruncate); CHANGE(1, put(TRUNCATE, inode, (uint64_t)size, 0, NULL, 0), real(fd, size)) }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); CHANGE(1, put(TRUNCATE, inode, (uint64_t)size, 0, NULL, 0), real(fd, size)) }

/* What changes while the sync runs may or may not be part of it: the record says how long the trace was at its begin. */
#define SYNCED(call) { uint64_t inode = inode_of(fd); uint64_t begun = 0; struct stat found; \
  if (inode && !fstat(trace, &found)) { begun = (uint64_t)found.st_size; } \
  int outcome = call; \
  if (inode && outcome == 0) { pthread_mutex_lock(&lock); put(SYNC, inode, begun, 0, NULL, 0); pthread_mutex_unlock(&lock); } return outcome; }
int fsync(int fd) { REAL(fsync); SYNCED(real(fd)) }
int fdatasync(int fd) { REAL(fdatasync); SYNCED(real(fd)) }

static void put_two(uint8_t kind, const char *from, const char *to) {
  char both[2 * PATH_MAX];
  int size = snprintf(both, sizeof both, "%s%c%s", from, 0, to ? to : "");
  put(kind, 0, 0, 0, both, (uint32_t)size);
}
#define NAMED(kind, from, to, call) { char space[PATH_MAX], other[PATH_MAX]; const char *a = inside(AT_FDCWD, from, space), *b = inside(AT_FDCWD, to, other); \
  if (!a || strstr(a, "-shm")) { return call; } \
  pthread_mutex_lock(&lock); put_two(kind, a, b); int outcome = call; pthread_mutex_unlock(&lock); return outcome; }
int rename(const char *from, const char *to) { REAL(rename); NAMED(RENAME, from, to, real(from, to)) }
int link(const char *from, const char *to) { REAL(link); NAMED(LINK, from, to, real(from, to)) }
int unlink(const char *path) { REAL(unlink); NAMED(UNLINK, path, NULL, real(path)) }
