// Fuzzes everything that reads a GGUF file: header, configuration, tensor list, tokenizer, names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "lib/weightfile/gguf.h"
#include "lib/weightfile/gguf_model.h"
#include "lib/weightfile/tokenizer_gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace wf = rm::weightfile;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto h = wf::gguf::Header::parse(bytes, size, "m.gguf");
  if (!h) return 0;
  const auto c = wf::gguf::config(*h, {}, "m.gguf");
  const auto t = wf::gguf::tensors(*h, c ? c->arch : wf::Arch::kLlama, "m.gguf");
  (void)wf::gguf::text_source(*h, "m.gguf");
  if (!t) return 0;
  for (const wf::TensorInfo& i : *t)
    if (i.offset > size || i.bytes > size - i.offset) std::abort();  // a view beyond the file
  return 0;
}
