// Open weight files and the one way their tensors are read: pread within proven bounds.
//
// Holds descriptors; const after opening, reads are safe from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

struct OpenShard {
  std::string path;
  fd::Fd fd;
};

// Opens for reading; a missing or unreadable file is Exit::kModel.
Result<OpenShard> open_shard(const std::string& path);

// Bytes [begin, begin + dst.size()) of `t`. Exit::kModel naming the tensor when the file got shorter.
Result<void> read_tensor(std::span<const OpenShard> files, const TensorInfo& t, std::uint64_t begin,
                         std::span<std::byte> dst);

// An error for files that only Python may open, by name or by first bytes: pickles and zip archives of them.
bool looks_like_pickle(std::string_view file_name, std::span<const std::byte> first);
Error pickle_error(const std::string& path);

}  // namespace rm::weightfile
