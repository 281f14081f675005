#include "lib/base/append_file.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/escape.h"
#include "lib/base/number.h"

namespace rm {

Result<AppendFile> AppendFile::open(const std::string& path, std::uint64_t keep) {
  AppendFile out;
  out.path_ = path;
  RM_ASSIGN(out.fd_, fd::open_write(path, fd::Create::kAppend));
  const int n = out.fd_.number();
  RM_ASSIGN(const fd::Kind k, fd::kind(n, path));
  out.regular_ = k.regular;
  if (!k.regular) return out;  // a device or a named pipe: nothing to lock or cut
  if (::flock(n, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return make_error(Exit::kIo, "locked", "another run is writing this file; wait for it or choose another name",
                      escape_text(path));
  }
  if (k.size < keep) {
    return make_error(Exit::kIo, "io", "got shorter while it was examined: " + format_grouped(k.size) + " bytes",
                      escape_text(path));
  }
  if (k.size != keep && ::ftruncate(n, static_cast<off_t>(keep)) != 0) {
    return fd::system_error(Exit::kIo, errno, "cannot cut the file to " + format_grouped(keep) + " bytes", path);
  }
  if (::lseek(n, static_cast<off_t>(keep), SEEK_SET) < 0)
    return fd::system_error(Exit::kIo, errno, "cannot seek", path);
  out.size_ = keep;
  return out;
}

Result<void> AppendFile::append(std::string_view data) {
  std::size_t written = 0;
  auto r = fd::write_all(fd_.number(), data, path_, &written);
  size_ += written;
  if (r) return r;
  Error e = r.error();
  if (e.exit == Exit::kIo) e.message += " (after byte " + format_grouped(size_) + ")";
  return e;
}

Result<void> AppendFile::sync() {
  int r = 0;
  do {
    r = ::fsync(fd_.number());
  } while (r != 0 && errno == EINTR);
  if (r == 0 || errno == EINVAL || errno == EROFS) return {};
  return fd::system_error(Exit::kIo, errno, "cannot sync", path_);
}

Result<void> AppendFile::close() {
  RM_TRY(sync());
  return fd_.close(path_);
}

}  // namespace rm
