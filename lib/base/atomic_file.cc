#include "lib/base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "lib/base/folders.h"

namespace rm {
namespace {

Result<void> sync(int fd, const std::string& name) {
  int r = 0;
  do {
    r = ::fsync(fd);
  } while (r != 0 && errno == EINTR);
  if (r == 0 || errno == EINVAL || errno == EROFS) return {};  // EINVAL: not a thing that can be synced
  return fd::system_error(Exit::kIo, errno, "cannot sync", name);
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  AtomicFile out;
  out.path_ = path;
  const auto there = fd::kind_of_path(path);
  if (there && !there->regular && !there->folder) {  // a device or a pipe stays what it is
    RM_ASSIGN(out.fd_, fd::open_write(path, fd::Create::kAppend));
    return out;
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string name = path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
    auto file = fd::open_write(name, fd::Create::kNew);
    if (file) {
      out.temporary_ = name;
      out.fd_ = *std::move(file);
      return out;
    }
    if (!fd::kind_of_path(name)) return file.error();  // anything but a name already taken
  }
  return make_error(Exit::kIo, "io", "too many temporary files of this name lie beside it; remove *.tmp-*", path);
}

AtomicFile::AtomicFile(AtomicFile&& o) noexcept
    : path_(std::move(o.path_)), temporary_(std::exchange(o.temporary_, {})), fd_(std::move(o.fd_)) {}

AtomicFile::~AtomicFile() {
  fd_.reset();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> AtomicFile::reserve(std::uint64_t bytes) {
  if (temporary_.empty() || bytes == 0) return {};
  int r = 0;
  do {
    r = ::fallocate(fd_.number(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes));
  } while (r != 0 && errno == EINTR);
  if (r == 0 || (errno != ENOSPC && errno != EDQUOT)) return {};
  return fd::system_error(Exit::kIo, errno, "cannot reserve room", temporary_);
}

Result<void> AtomicFile::write(std::string_view data) {
  return fd::write_all(fd_.number(), data, temporary_.empty() ? path_ : temporary_);
}

Result<void> AtomicFile::commit() {
  if (temporary_.empty()) return fd_.close(path_);
  RM_TRY(sync(fd_.number(), temporary_));
  RM_TRY(fd_.close(temporary_));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fd::system_error(Exit::kIo, errno, "cannot put the finished file in place", path_);
  }
  temporary_.clear();
  return sync_folder(parent_folder(path_));
}

Result<void> write_file_atomically(const std::string& path, std::string_view data) {
  RM_ASSIGN(AtomicFile file, AtomicFile::create(path));
  RM_TRY(file.write(data));
  return file.commit();
}

}  // namespace rm
