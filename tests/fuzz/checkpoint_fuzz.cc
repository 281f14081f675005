// Fuzzes the manifest of a checkpoint: the text as it comes, and with a checksum that fits, which lets every lie through to the
// checks behind it. What is accepted must add up and read back as it is written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/tune/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace tune = rm::tune;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)tune::parse_manifest(text, "m");
  const auto m = tune::parse_manifest(tune::sealed(std::string(text)), "m");
  if (!m) return 0;
  for (const tune::StoredFile& f : m->files)
    if (f.name.find('/') != f.name.npos || f.name.front() == '.') std::abort();
  for (const tune::StoredTensor& t : m->tensors) {
    std::uint64_t at = 0;
    for (const tune::Slice& s : t.slices) {
      if (s.begin != at || s.end <= s.begin || s.file >= m->files.size())
        std::abort();  // a hole, an overlap or no file
      at = s.end;
    }
    if (at != tune::rows(t.tensor)) std::abort();
  }
  const std::string again = tune::manifest_text(*m);
  const auto n = tune::parse_manifest(again, "m");
  if (!n || tune::manifest_text(*n) != again) std::abort();
  return 0;
}
