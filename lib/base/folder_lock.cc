#include "lib/base/folder_lock.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/escape.h"
#include "lib/base/folders.h"

namespace rm {

// The name goes first, while the lock is held: whoever waits for the file finds out that it is no longer the one.
FolderLock::~FolderLock() {
  if (fd_) ::unlink(file_.c_str());
}

Result<FolderLock> lock_folder(const std::string& path) {
  RM_TRY(make_folder(path));
  const std::string file = path + "/.lock";
  for (;;) {
    RM_ASSIGN(fd::Fd held, fd::open_write(file, fd::Create::kAppend));
    int r = 0;
    do {
      r = ::flock(held.number(), LOCK_EX | LOCK_NB);
    } while (r != 0 && errno == EINTR);
    if (r != 0 && errno == EWOULDBLOCK) {
      return make_error(Exit::kIo, "locked", "another run works in this folder; wait for it or choose another one",
                        escape_text(path));
    }
    RM_ASSIGN(const fd::Kind mine, fd::kind(held.number(), file));
    const auto there = fd::kind_of_path(file);
    if (there && there->device == mine.device && there->inode == mine.inode) return FolderLock(file, std::move(held));
  }
}

}  // namespace rm
