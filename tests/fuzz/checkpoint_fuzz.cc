// Fuzzes checkpoints: up to the first NUL a manifest, the rest the weights it speaks of. The manifest as it comes, and with a
// checksum that fits, which lets every lie through to the checks behind it. What is accepted must add up and read back as it
// is written; what is loaded is handed over once and within its bounds.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "lib/tune/checkpoint.h"
#include "lib/tune/manifest.h"

namespace {

namespace tune = rm::tune;

constexpr std::uint64_t kMostElements = 1u << 16;
constexpr std::size_t kMostFiles = 2;

// One folder for all inputs, in memory where there is such a place.
const std::string& folder() {
  static const std::string path = [] {
    for (std::string pattern : {"/dev/shm/rm-fuzz-", "/tmp/rm-fuzz-"}) {
      pattern += std::string(6, 'X');
      if (::mkdtemp(pattern.data()) != nullptr) return pattern;
    }
    std::abort();
  }();
  return path;
}

void write_file(const std::string& path, std::string_view data) {
  std::FILE* f = std::fopen(path.c_str(), "wb");
  if (f == nullptr || std::fwrite(data.data(), 1, data.size(), f) != data.size() || std::fclose(f) != 0) std::abort();
}

void check_sums(const tune::Manifest& m) {
  for (const tune::StoredFile& f : m.files)
    if (f.name.find('/') != f.name.npos || f.name.front() == '.') std::abort();
  for (const tune::StoredTensor& t : m.tensors) {
    std::uint64_t at = 0;
    for (const tune::Slice& s : t.slices) {
      if (s.begin != at || s.end <= s.begin || s.file >= m.files.size()) std::abort();  // a hole, an overlap or no file
      at = s.end;
    }
    if (at != tune::rows(t.tensor)) std::abort();
  }
  const std::string again = tune::manifest_text(m);
  const auto n = tune::parse_manifest(again, "m");
  if (!n || tune::manifest_text(*n) != again) std::abort();
}

// Every file of it gets these weights, whose length the manifest is made to know.
void load(tune::Manifest m, std::string_view weights) {
  std::vector<tune::StateTensor> tensors;
  std::uint64_t elements = 0;
  for (const tune::StoredTensor& t : m.tensors) {
    if (t.tensor.elements() > kMostElements) return;
    elements += t.tensor.elements();
    tensors.push_back(t.tensor);
  }
  if (m.files.size() > kMostFiles) return;
  for (std::size_t i = 0; i < m.files.size(); ++i) {
    m.files[i].name = "w" + std::to_string(i);
    m.files[i].bytes = weights.size();
    write_file(folder() + "/" + m.files[i].name, weights);
  }
  write_file(folder() + "/" + tune::kManifestName, tune::manifest_text(m));
  std::uint64_t seen = 0;
  const auto write = [&](std::size_t index, std::uint64_t first, std::span<const float> from) -> rm::Result<void> {
    if (first + from.size() > tensors[index].elements()) std::abort();
    seen += from.size();
    return {};
  };
  if (tune::load_checkpoint({folder(), m.facts}, tensors, write) && seen != elements) std::abort();
  for (const tune::StoredFile& f : m.files) std::remove((folder() + "/" + f.name).c_str());
  std::remove((folder() + "/" + tune::kManifestName).c_str());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int cleaned = (folder(), std::atexit([] { std::remove(folder().c_str()); }));
  (void)cleaned;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  (void)tune::parse_manifest(all, "m");
  const std::size_t end = std::min(all.find('\0'), size);
  const auto m = tune::parse_manifest(tune::sealed(std::string(all.substr(0, end))), "m");
  if (!m) return 0;
  check_sums(*m);
  load(*m, end < size ? all.substr(end + 1) : std::string_view());
  return 0;
}
