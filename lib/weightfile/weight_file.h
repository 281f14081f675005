// A model on disk: a Hugging Face folder (safetensors, one file or shards) or a GGUF file. Checked views, no tensors.
//
// open() proves every header: names, types, shapes, offsets against file lengths; nothing is allocated that the files do
// not prove. Data is read with pread, never mapped: a file cut underneath gives an error, not a signal. Names are the
// Hugging Face ones for both kinds ("model.layers.0.self_attn.q_proj.weight"); GGUF names are translated. Immutable after
// open; read() is safe from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/text/vocab.h"
#include "lib/weightfile/config.h"

namespace rm::weightfile {

enum class DType { kF32, kF16, kBF16, kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0, kQ4_K, kQ5_K, kQ6_K };
const char* name(DType t);
std::size_t block_elements(DType t);  // 1, 32 or 256
std::size_t block_bytes(DType t);

struct TensorInfo {
  std::string name;  // Hugging Face name
  DType dtype = DType::kF32;
  std::vector<std::uint64_t> shape;  // outermost first: [out, in]
  std::uint64_t bytes = 0;
  // GGUF stores q and k of the Llama architecture with the rows of each head interleaved; true: row r of a head of C rows
  // is Hugging Face's row (r % 2) * C/2 + r / 2.
  bool interleaved_heads = false;
  std::size_t file = 0;      // which shard
  std::uint64_t offset = 0;  // absolute byte offset in it
};

// Everything needed to make a Tokenizer and a ChatTemplate.
struct TextSource {
  text::Vocab vocab;
  std::string chat_template;  // Jinja text, never run; empty: none shipped
  std::string bos_text;
};

class WeightFile {
 public:
  // A folder with config.json, or a .gguf (by its magic). Exit::kModel naming file, tensor or field.
  static Result<std::unique_ptr<WeightFile>> open(const std::string& path);
  virtual ~WeightFile() = default;

  virtual const std::string& path() const = 0;
  virtual const ModelConfig& config() const = 0;
  virtual std::span<const TensorInfo> tensors() const = 0;  // by name
  const TensorInfo* find(std::string_view name) const;
  // Reads bytes [begin, begin + dst.size()) of a tensor. Exit::kIo or kModel when the file got shorter.
  virtual Result<void> read(const TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const = 0;
  // tokenizer.json, tokenizer_config.json, chat_template.jinja; or GGUF metadata.
  virtual Result<TextSource> text() const = 0;
};

// Decodes `n` elements (whole blocks) of `src` into floats. Block layouts: GGUF specification.
void dequantise(DType t, std::span<const std::byte> src, std::span<float> dst);

// One tensor a decoder of this configuration needs.
struct Planned {
  std::string name;
  std::vector<std::uint64_t> shape;
};
// All of them, in load order. No allocation beyond the list.
std::vector<Planned> plan(const ModelConfig& c);
// Every planned tensor present with its shape; nothing unknown but known leftovers (rotary inv_freq, a stored tied head).
Result<void> check_against_plan(const WeightFile& f);

}  // namespace rm::weightfile
