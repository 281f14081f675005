// Preloaded into a program, makes a chosen file operation fail, fall short or be the last thing the process does.
//
//   LD_PRELOAD=librm_fault_shim.so RM_FAULT=write:17:ENOSPC PROGRAM ...
//
// RM_FAULT       one fault or several with commas between, each KIND:N:WHAT. The N-th call of that kind, counted from 1;
//                "N+" is the N-th and all after it. WHAT is the name of an error (ENOSPC), "short" (a read or write moves
//                half of what was asked for), "KILL" (the process gets SIGKILL instead of the call) or "torn" (half of a
//                write is made, then SIGKILL comes). Of several that are due at one call the first in the list comes.
// RM_FAULT_PATH  only calls on paths that hold this text count. Of a descriptor it is the path it was opened with.
// RM_FAULT_LOG   a file of what was seen: for each kind 16 bytes of name, then calls and injected faults as 64-bit integers,
//                little-endian. It is shared memory: right even after SIGKILL, and all processes of a command count together.
//
// KINDS: read pread write pwrite fsync fdatasync rename renameat2 close open (for writing) openr (for reading, folders
// too) mkdir unlink (and rmdir) ftruncate fallocate, and "any" for all of them. A failed close does close. Calls are made
// as system calls, so that nothing is looked up or allocated; what the C library's own streams (fopen, opendir) do inside
// is not seen. Safe in threads.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum Kind {
  kRead,
  kPread,
  kWrite,
  kPwrite,
  kFsync,
  kFdatasync,
  kRename,
  kRenameat2,
  kClose,
  kOpen,
  kOpenr,
  kMkdir,
  kUnlink,
  kFtruncate,
  kFallocate,
  kAny,
  kKinds
};

static const char* const kNames[kKinds] = {"read",   "pread",     "write",     "pwrite", "fsync", "fdatasync",
                                           "rename", "renameat2", "close",     "open",   "openr", "mkdir",
                                           "unlink", "ftruncate", "fallocate", "any"};

static const struct {
  const char* name;
  int number;
} kErrors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},      {"EINTR", EINTR},
               {"EAGAIN", EAGAIN}, {"EACCES", EACCES}, {"EROFS", EROFS},        {"EMFILE", EMFILE},
               {"EINVAL", EINVAL}, {"ENOSYS", ENOSYS}, {"EPERM", EPERM},        {"EBADF", EBADF},
               {"EFBIG", EFBIG},   {"ENOMEM", ENOMEM}, {"ENOTEMPTY", ENOTEMPTY}};

enum { kShort = -1, kKill = -2, kTorn = -3, kNone = 0, kMostFaults = 8, kMostPath = 4096, kBadConfig = 97 };

struct Fault {
  enum Kind kind;
  uint64_t from, to;  // calls, counted from 1
  int what;           // an error number, kShort, kKill or kTorn
};

struct Count {
  char name[16];
  uint64_t seen, injected;
};

static struct Fault g_faults[kMostFaults];
static int g_fault_count;
static const char* g_path;  // null: every call counts
static struct Count g_own[kKinds];
static struct Count* g_counts = g_own;
static int g_on;  // set last; before it every call is passed on

static void refuse(const char* why) {
  (void)!syscall(SYS_write, 2, why, strlen(why));
  (void)!syscall(SYS_write, 2, "\n", 1);
  _exit(kBadConfig);
}

// The text up to one of the `ends`; moves past it.
static size_t word(const char** at, const char* ends, const char** begin) {
  *begin = *at;
  const size_t n = strcspn(*at, ends);
  *at += n;
  return n;
}

static int is_word(const char* s, size_t n, const char* name) { return strlen(name) == n && memcmp(s, name, n) == 0; }

static int what_of(const char* s, size_t n, enum Kind kind) {
  if (is_word(s, n, "KILL")) return kKill;
  if (is_word(s, n, "torn")) {
    if (kind != kWrite && kind != kPwrite) refuse("RM_FAULT: only writes can be torn");
    return kTorn;
  }
  if (is_word(s, n, "short")) {
    if (kind > kPwrite) refuse("RM_FAULT: only reads and writes can be short");
    return kShort;
  }
  for (size_t i = 0; i < sizeof kErrors / sizeof *kErrors; ++i)
    if (is_word(s, n, kErrors[i].name)) return kErrors[i].number;
  refuse("RM_FAULT: unknown fault; expected the name of an error, short, KILL or torn");
  return kNone;
}

static void parse_fault(const char** at) {
  const char* s = NULL;
  struct Fault f = {kKinds, 0, 0, kNone};
  const size_t n = word(at, ":", &s);
  for (int k = 0; k < kKinds; ++k)
    if (is_word(s, n, kNames[k])) f.kind = (enum Kind)k;
  if (f.kind == kKinds || **at != ':') refuse("RM_FAULT: unknown kind of call; expected KIND:N:WHAT");
  ++*at;
  for (; **at >= '0' && **at <= '9'; ++*at) f.from = f.from * 10 + (uint64_t)(**at - '0');
  f.to = f.from;
  if (**at == '+') f.to = UINT64_MAX, ++*at;
  if (f.from == 0 || **at != ':') refuse("RM_FAULT: expected a number from 1 on, and a fault after it");
  ++*at;
  const size_t m = word(at, ",", &s);
  f.what = what_of(s, m, f.kind);
  if (g_fault_count == kMostFaults) refuse("RM_FAULT: more than 8 faults");
  g_faults[g_fault_count++] = f;
}

static void open_log(const char* path) {
  const long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 || syscall(SYS_ftruncate, fd, sizeof g_own) != 0) refuse("RM_FAULT_LOG: cannot be written");
  void* shared = mmap(NULL, sizeof g_own, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
  if (shared == MAP_FAILED) refuse("RM_FAULT_LOG: cannot be mapped");
  syscall(SYS_close, fd);
  g_counts = shared;
}

__attribute__((constructor)) static void set_up(void) {
  const char* at = getenv("RM_FAULT");
  while (at != NULL && *at != '\0') {
    parse_fault(&at);
    if (*at == ',') ++at;
  }
  const char* path = getenv("RM_FAULT_PATH");
  if (path != NULL && *path != '\0') g_path = path;
  const char* log = getenv("RM_FAULT_LOG");
  if (log != NULL && *log != '\0') open_log(log);
  for (int k = 0; k < kKinds; ++k) strcpy(g_counts[k].name, kNames[k]);
  __atomic_store_n(&g_on, 1, __ATOMIC_RELEASE);
}

// The path of a descriptor into `out`; empty where it has none.
static void path_of(int fd, char* out) {
  char link[32] = "/proc/self/fd/";
  char digits[16];
  int n = 0;
  unsigned v = (unsigned)fd;
  do digits[n++] = (char)('0' + v % 10);
  while ((v /= 10) != 0);
  char* to = link + strlen(link);
  while (n > 0) *to++ = digits[--n];
  *to = '\0';
  const long got = fd < 0 ? -1 : syscall(SYS_readlinkat, AT_FDCWD, link, out, kMostPath - 1);
  out[got > 0 ? got : 0] = '\0';
}

static int descriptor_counts(int fd) {
  if (g_path == NULL) return 1;
  char path[kMostPath];
  path_of(fd, path);
  return strstr(path, g_path) != NULL;
}

static int path_counts(int folder, const char* name) {
  if (g_path == NULL || name == NULL || strstr(name, g_path) != NULL) return 1;
  if (name[0] == '/') return 0;
  char path[kMostPath];
  if (folder != AT_FDCWD)
    path_of(folder, path);
  else if (syscall(SYS_getcwd, path, sizeof path) <= 0)
    path[0] = '\0';
  const size_t n = strlen(path);
  if (n + 1 + strlen(name) >= sizeof path) return 0;
  path[n] = '/';
  strcpy(path + n + 1, name);
  return strstr(path, g_path) != NULL;
}

// Counts the call; what is to become of it, kNone for nothing.
static int fault(enum Kind kind) {
  const uint64_t mine = __atomic_add_fetch(&g_counts[kind].seen, 1, __ATOMIC_RELAXED);
  const uint64_t any = __atomic_add_fetch(&g_counts[kAny].seen, 1, __ATOMIC_RELAXED);
  int what = kNone;
  for (int i = 0; i < g_fault_count && what == kNone; ++i) {
    const struct Fault* f = &g_faults[i];
    const uint64_t n = f->kind == kAny ? any : f->kind == kind ? mine : 0;
    if (f->from <= n && n <= f->to) what = f->what;
  }
  if (what == kNone || (what == kShort && kind > kPwrite)) return kNone;
  __atomic_add_fetch(&g_counts[kind].injected, 1, __ATOMIC_RELAXED);
  __atomic_add_fetch(&g_counts[kAny].injected, 1, __ATOMIC_RELAXED);
  if (what == kKill) syscall(SYS_kill, getpid(), SIGKILL);
  return what;
}

static int on(void) { return __atomic_load_n(&g_on, __ATOMIC_ACQUIRE); }

// Returns from the hook with the error where one is due; else leaves its number or kShort in `due`.
#define FAULT(kind, counts)                               \
  const int due = on() && (counts) ? fault(kind) : kNone; \
  if (due > 0) {                                          \
    errno = due;                                          \
    return -1;                                            \
  }

static size_t moved(int due, size_t n) { return due != kNone && n > 1 ? n / 2 : n; }
// A write that is torn is the last thing its process does.
static ssize_t after(int due, ssize_t n) {
  if (due == kTorn) syscall(SYS_kill, getpid(), SIGKILL);
  return n;
}

ssize_t read(int fd, void* to, size_t n) {
  FAULT(kRead, descriptor_counts(fd))
  return syscall(SYS_read, fd, to, moved(due, n));
}
ssize_t __read_chk(int fd, void* to, size_t n, size_t room) {
  (void)room;
  return read(fd, to, n);
}
ssize_t pread(int fd, void* to, size_t n, off_t at) {
  FAULT(kPread, descriptor_counts(fd))
  return syscall(SYS_pread64, fd, to, moved(due, n), at);
}
ssize_t pread64(int fd, void* to, size_t n, off64_t at) { return pread(fd, to, n, at); }
ssize_t write(int fd, const void* from, size_t n) {
  FAULT(kWrite, descriptor_counts(fd))
  return after(due, syscall(SYS_write, fd, from, moved(due, n)));
}
ssize_t writev(int fd, const struct iovec* parts, int n) {
  FAULT(kWrite, descriptor_counts(fd))
  return after(due, syscall(SYS_writev, fd, parts, (int)moved(due, (size_t)n)));
}
ssize_t pwrite(int fd, const void* from, size_t n, off_t at) {
  FAULT(kPwrite, descriptor_counts(fd))
  return after(due, syscall(SYS_pwrite64, fd, from, moved(due, n), at));
}
ssize_t pwrite64(int fd, const void* from, size_t n, off64_t at) { return pwrite(fd, from, n, at); }

int fsync(int fd) {
  FAULT(kFsync, descriptor_counts(fd))
  return (int)syscall(SYS_fsync, fd);
}
int fdatasync(int fd) {
  FAULT(kFdatasync, descriptor_counts(fd))
  return (int)syscall(SYS_fdatasync, fd);
}
int close(int fd) {
  const int due = on() && descriptor_counts(fd) ? fault(kClose) : kNone;
  const int r = (int)syscall(SYS_close, fd);
  if (due <= 0) return r;
  errno = due;
  return -1;
}
int ftruncate(int fd, off_t n) {
  FAULT(kFtruncate, descriptor_counts(fd))
  return (int)syscall(SYS_ftruncate, fd, n);
}
int ftruncate64(int fd, off64_t n) { return ftruncate(fd, n); }
int fallocate(int fd, int mode, off_t at, off_t n) {
  FAULT(kFallocate, descriptor_counts(fd))
  return (int)syscall(SYS_fallocate, fd, mode, at, n);
}
int fallocate64(int fd, int mode, off64_t at, off64_t n) { return fallocate(fd, mode, at, n); }

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  FAULT(kRename, path_counts(from_folder, from) || path_counts(to_folder, to))
  return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}
int rename(const char* from, const char* to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  FAULT(kRenameat2, path_counts(from_folder, from) || path_counts(to_folder, to))
  return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}
int mkdirat(int folder, const char* name, mode_t mode) {
  FAULT(kMkdir, path_counts(folder, name))
  return (int)syscall(SYS_mkdirat, folder, name, mode);
}
int mkdir(const char* name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
int unlinkat(int folder, const char* name, int flags) {
  FAULT(kUnlink, path_counts(folder, name))
  return (int)syscall(SYS_unlinkat, folder, name, flags);
}
int unlink(const char* name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char* name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char* name) {
  const int r = unlinkat(AT_FDCWD, name, 0);
  return r != 0 && errno == EISDIR ? rmdir(name) : r;
}

static int open_at(int folder, const char* name, int flags, mode_t mode) {
  const int writes = (flags & O_ACCMODE) != O_RDONLY;
  FAULT(writes ? kOpen : kOpenr, path_counts(folder, name))
  return (int)syscall(SYS_openat, folder, name, flags, mode);
}
static int makes(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

#define MODE_OF(last)            \
  mode_t mode = 0;               \
  if (makes(flags)) {            \
    va_list more;                \
    va_start(more, last);        \
    mode = va_arg(more, mode_t); \
    va_end(more);                \
  }

int open(const char* name, int flags, ...) {
  MODE_OF(flags)
  return open_at(AT_FDCWD, name, flags, mode);
}
int open64(const char* name, int flags, ...) {
  MODE_OF(flags)
  return open_at(AT_FDCWD, name, flags, mode);
}
int openat(int folder, const char* name, int flags, ...) {
  MODE_OF(flags)
  return open_at(folder, name, flags, mode);
}
int openat64(int folder, const char* name, int flags, ...) {
  MODE_OF(flags)
  return open_at(folder, name, flags, mode);
}
int __open_2(const char* name, int flags) { return open_at(AT_FDCWD, name, flags, 0); }
int __open64_2(const char* name, int flags) { return open_at(AT_FDCWD, name, flags, 0); }
int __openat_2(int folder, const char* name, int flags) { return open_at(folder, name, flags, 0); }
int creat(const char* name, mode_t mode) { return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
