// Texts given in any order, got back in the order of a key: a merge sort that spills to disk.
//
// Up to a bound all is held in memory; beyond it sorted runs go to one temporary file, which has no name (or loses it at once),
// so that nothing is left whatever ends the program. Equal keys keep the order in which they were added. Memory is the bound
// and one read buffer a run, disk the size of the texts and 12 bytes each. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace rm {

class SortedSpill {
 public:
  // `folder` for the temporary file; empty: $TMPDIR, else /var/tmp.
  explicit SortedSpill(std::size_t memory = 64u << 20, std::string folder = {});

  // A text is less than 4 GiB. Exit::kIo names the folder when its disk is full.
  Result<void> add(std::uint64_t key, std::string_view text);
  // Every text in order, once; nothing may be added afterwards. An Error of `f` ends it.
  Result<void> each(const std::function<Result<void>(std::string_view)>& f);

  std::uint64_t spilled() const { return file_size_; }  // bytes that went to disk

 private:
  struct Entry {
    std::uint64_t key;
    std::size_t at;  // in arena_
    std::uint32_t size;
  };
  struct Run {
    std::uint64_t begin, end;  // in the file
  };
  Result<void> spill();
  Result<void> open_file();
  Result<void> merge(const std::function<Result<void>(std::string_view)>& f);
  std::string_view text(const Entry& e) const { return std::string_view(arena_).substr(e.at, e.size); }

  std::size_t memory_;
  std::string folder_, name_;
  std::string arena_;
  std::vector<Entry> entries_;
  std::vector<Run> runs_;
  fd::Fd file_;
  std::uint64_t file_size_ = 0;
};

}  // namespace rm
