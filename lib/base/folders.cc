#include "lib/base/folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/escape.h"
#include "lib/base/fd.h"

namespace rm {
namespace {

Result<void> make_one(const std::string& path) {
  const auto there = fd::kind_of_path(path);
  if (there && there->folder) return {};
  if (there)
    return make_error(Exit::kIo, "io", "is a file; expected a folder, or a name not yet taken", escape_text(path));
  if (::mkdir(path.c_str(), 0777) == 0) return sync_folder(parent_folder(path));
  if (errno == EEXIST) return {};
  return fd::system_error(Exit::kIo, errno, "cannot make the folder", path);
}

}  // namespace

std::string parent_folder(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> make_folder(const std::string& path) {
  for (std::size_t at = 1; at < path.size(); ++at) {
    if (path[at] == '/' && path[at - 1] != '/') RM_TRY(make_one(path.substr(0, at)));
  }
  return make_one(path);
}

Result<void> sync_folder(const std::string& path) {
  const fd::Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    if (errno == EACCES || errno == ENOENT) return {};
    return fd::system_error(Exit::kIo, errno, "cannot open the folder to sync it", path);
  }
  int r = 0;
  do {
    r = ::fsync(directory.number());
  } while (r != 0 && errno == EINTR);
  if (r == 0 || errno == EINVAL || errno == EROFS) return {};
  return fd::system_error(Exit::kIo, errno, "cannot sync", path);
}

Result<bool> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  return fd::system_error(Exit::kIo, errno, "cannot remove", path);
}

}  // namespace rm
