// The safetensors format, read strictly: one JSON header that accounts for every byte of the file.
//
// Format: github.com/huggingface/safetensors, "Format". Accepts nothing the reference library rejects, and refuses two
// things it accepts: tensors of zero elements and types other than F32, F16 and BF16. Pure functions but for the last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

// The header's length from the first bytes of a file of `file_bytes` bytes.
Result<std::uint64_t> safetensors_header_bytes(std::span<const std::byte> first, std::uint64_t file_bytes,
                                               const std::string& name);
// The tensors of a header's text, in order of offset. `file_bytes` is the whole file's length; `file` goes into the infos.
Result<std::vector<TensorInfo>> parse_safetensors(std::string_view header, std::uint64_t file_bytes,
                                                  const std::string& name, std::size_t file);
// Both for an open file.
Result<std::vector<TensorInfo>> read_safetensors(int fd, const std::string& name, std::size_t file);

// "[152064, 3584]".
std::string shape_text(std::span<const std::uint64_t> shape);

}  // namespace rm::weightfile
