#include "lib/base/folder_lock.h"

#include <sys/file.h>

#include <cerrno>

#include "lib/base/escape.h"
#include "lib/base/folders.h"

namespace rm {

Result<FolderLock> lock_folder(const std::string& path) {
  RM_TRY(make_folder(path));
  const std::string name = path + "/.lock";
  RM_ASSIGN(fd::Fd file, fd::open_write(name, fd::Create::kAppend));
  int r = 0;
  do {
    r = ::flock(file.number(), LOCK_EX | LOCK_NB);
  } while (r != 0 && errno == EINTR);
  if (r == 0) return FolderLock(std::move(file));
  if (errno == EWOULDBLOCK) {
    return make_error(Exit::kIo, "locked", "another run is using this folder; wait for it or choose another",
                      escape_text(path));
  }
  return fd::system_error(Exit::kIo, errno, "cannot lock", name);
}

}  // namespace rm
