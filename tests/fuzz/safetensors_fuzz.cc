// Fuzzes the safetensors reader over whole files, and the shard index over the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "lib/weightfile/folder.h"
#include "lib/weightfile/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace wf = rm::weightfile;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)wf::parse_index(text, "index");
  const auto n =
      wf::safetensors_header_bytes(std::as_bytes(std::span(data, std::min<std::size_t>(size, 8))), size, "m");
  if (!n) return 0;
  const auto t = wf::parse_safetensors(text.substr(8, *n), size, "m", 0);
  if (!t) return 0;
  std::uint64_t sum = 8 + *n;
  for (const wf::TensorInfo& i : *t) {
    if (i.offset != sum) std::abort();  // a hole or an overlap was accepted
    sum += i.bytes;
  }
  if (sum != size) std::abort();
  return 0;
}
