// The manifest of a checkpoint: what the run was, which files there are, and where in them each tensor's rows lie.
//
// One JSON object that ends in a checksum of all bytes before it, so that a flipped bit anywhere is found. Reading refuses
// whatever does not add up: names that could leave the folder, shapes no file can hold, rows that are missing or there
// twice. Pure functions; no file is opened here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/checkpoint.h"

namespace rm::tune {

inline constexpr std::int64_t kManifestFormat = 1;
inline constexpr const char* kManifestName = "manifest.json";

struct StoredFile {
  std::string name;  // in the checkpoint's folder
  std::uint64_t bytes = 0;
  std::string xxh3;  // of all its bytes: XXH3, 128 bits, 32 digits
};

// Rows [begin, end) of a tensor's first dimension; a number without dimensions is one row.
struct Slice {
  std::uint64_t begin = 0, end = 0;
  std::size_t file = 0;      // index in Manifest::files
  std::string key;           // its name in that file
  std::uint64_t offset = 0;  // of its data in that file; not part of the manifest
};

struct StoredTensor {
  StateTensor tensor;
  std::vector<Slice> slices;  // in order of rows
};

struct Manifest {
  RunFacts facts;
  std::vector<StoredFile> files;
  std::vector<StoredTensor> tensors;
};

std::uint64_t rows(const StateTensor& t);
std::uint64_t row_elements(const StateTensor& t);
std::vector<std::uint64_t> shape_of(const StateTensor& t, const Slice& s);
std::string label(const StateTensor& t);  // "tensor model.norm.weight (exp_avg)", escaped

std::string manifest_text(const Manifest& m);
std::string sealed(std::string body);  // with the checksum and the end of the object; `body` lacks both
// Exit::kModel with `where`; the message names the member, file or tensor.
Result<Manifest> parse_manifest(std::string_view text, const std::string& where);
// Whether it adds up, as parse_manifest has it; checksums and sizes of files are not looked at. Sorts the slices by rows.
Result<void> check_manifest(Manifest& m, const std::string& where);

}  // namespace rm::tune
