// placeholder until the real one is merged
#pragma once
#include <string>
#include "lib/base/fd.h"
#include "lib/base/result.h"
namespace rm {
class FolderLock { public: explicit FolderLock(fd::Fd f): fd_(std::move(f)) {} FolderLock(FolderLock&&)=default; private: fd::Fd fd_; };
Result<FolderLock> lock_folder(const std::string& path);
}
