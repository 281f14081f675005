// The manifest of a checkpoint: what its files are, which tensors lie where, and what the run was. Text and back.
//
// One JSON object whose last member is the hash of all bytes before it: a changed byte anywhere is noticed. Nothing of it is
// believed before its hash is, and then every name and number is checked all the same. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/checkpoint.h"

namespace rm::tune {

struct ManifestFile {
  std::string name;  // a plain name in the checkpoint's folder
  std::uint64_t bytes = 0;
  std::string hash;  // XXH3-128 of all its bytes, 32 digits
};

// Rows [begin, end) of a tensor, under `key` in a file.
struct ManifestSlice {
  std::string name, slot;
  std::vector<std::uint64_t> shape;  // of the whole tensor
  std::uint64_t begin = 0, end = 0;
  std::size_t file = 0;
  std::string key;
};

struct Manifest {
  RunFacts facts;
  std::vector<ManifestFile> files;
  std::vector<ManifestSlice> slices;
};

std::string to_text(const Manifest& m);
// Exit::kModel, reason "bad_manifest", saying what is wrong with it.
Result<Manifest> parse_manifest(std::string_view text, const std::string& where);

}  // namespace rm::tune
