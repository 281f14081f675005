// File descriptors that survive EINTR, EAGAIN and short counts.
//
// A Fd owns its descriptor and closes it. Reads from pipes and terminals notice a requested stop while they wait. Errors
// carry Exit::kIo (kReaderGone for a closed pipe) and the system's words; paths in messages are escaped.
// Nothing here prints, and no opened file ever becomes descriptor 0, 1 or 2 once guard_standard() has run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"

namespace rm::fd {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number, bool owned = true) : number_(number), owned_(owned) {}
  ~Fd() { reset(); }
  Fd(Fd&& o) noexcept : number_(std::exchange(o.number_, -1)), owned_(o.owned_) {}
  Fd& operator=(Fd&& o) noexcept;
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  Result<void> close(std::string_view name);  // reports what the system says; standard descriptors stay open
  void reset();                               // closes without asking

 private:
  int number_ = -1;
  bool owned_ = true;
};

// First thing in main: a closed descriptor 0, 1 or 2 is filled so that using it fails (kIo) and nothing else lands there.
void guard_standard();

// "-" is standard input, not owned. Exit::kInput when there is no such file, it is a folder, or may not be read.
Result<Fd> open_read(const std::string& path);
enum class Create { kTruncate, kAppend, kNew };  // kNew fails where something exists
// "-" is standard output, not owned. Exit::kIo.
Result<Fd> open_write(const std::string& path, Create how);

// At least one byte, or 0 at the end. `name` is for messages.
Result<std::size_t> read_some(int fd, std::span<char> into, std::string_view name);
// Exactly into.size() bytes at `offset`; reason "truncated" with `short_exit` when the file ends before.
Result<void> read_at(int fd, std::uint64_t offset, std::span<std::byte> into, std::string_view name,
                     Exit short_exit = Exit::kModel);
// All of it. On failure *written (where given) tells how much went out. Exit::kReaderGone for a closed pipe, else kIo with
// reason "disk_full" or "io".
Result<void> write_all(int fd, std::string_view data, std::string_view name, std::size_t* written = nullptr);

struct Kind {
  bool regular = false, terminal = false, folder = false;
  std::uint64_t size = 0;  // of a regular file
  std::uint64_t device = 0, inode = 0;
};
Result<Kind> kind(int fd, std::string_view name);
std::optional<Kind> kind_of_path(const std::string& path);  // empty: nothing there

// A whole small file. Reason "too_large" beyond `limit` (nothing larger is ever held), "no_file" where it is missing;
// `exit` for both.
Result<std::string> read_file(const std::string& path, std::uint64_t limit, Exit exit = Exit::kInput);

Error system_error(Exit exit, int error_number, std::string_view what, std::string_view name);

}  // namespace rm::fd
