#include "lib/weightfile/fingerprint.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/weightfile/config_write.h"

namespace rm::weightfile {
namespace {

constexpr std::uint64_t kPiece = 4096;

}  // namespace

Result<std::string> fingerprint(const WeightFile& f) {
  StreamHash hash;
  if (const auto config = config_to_json(f.config(), DType::kF32, -1)) hash.add(*config);
  std::string piece;
  for (const TensorInfo& t : f.tensors()) {
    hash.add(t.name + "\n" + name(t.dtype));
    for (const std::uint64_t d : t.shape) hash.add(" " + std::to_string(d));
    piece.resize(std::min(kPiece, t.bytes));
    for (const std::uint64_t at : {std::uint64_t{0}, (t.bytes - piece.size()) / 2, t.bytes - piece.size()}) {
      RM_TRY(f.read(t, at, std::as_writable_bytes(std::span(piece))));
      hash.add(piece);
    }
  }
  return hash.digest().hex();
}

}  // namespace rm::weightfile
