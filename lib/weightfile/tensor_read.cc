#include "lib/weightfile/tensor_read.h"

#include "lib/base/checked.h"
#include "lib/base/escape.h"

namespace rm::weightfile {

Result<OpenShard> open_shard(const std::string& path) {
  auto opened = fd::open_read(path);
  if (!opened) {
    Error e = opened.error();
    if (e.exit == Exit::kInput) e.exit = Exit::kModel;
    return e;
  }
  return OpenShard{path, *std::move(opened)};
}

Result<void> read_tensor(std::span<const OpenShard> files, const TensorInfo& t, std::uint64_t begin,
                         std::span<std::byte> dst) {
  const auto end = checked_add<std::uint64_t>(begin, dst.size());
  if (!end || *end > t.bytes || t.file >= files.size())
    return make_error(Exit::kBug, "bad_read", "a read beyond the tensor was asked for",
                      "tensor " + escape_text(t.name));
  const OpenShard& f = files[t.file];
  if (auto ok = fd::read_at(f.fd.number(), t.offset + begin, dst, f.path); !ok) {
    Error e = ok.error();
    e.where = f.path + ": tensor " + escape_text(t.name);
    return e;
  }
  return {};
}

bool looks_like_pickle(std::string_view file_name, std::span<const std::byte> first) {
  for (const char* suffix : {".bin", ".pt", ".pth", ".ckpt", ".pkl"})
    if (file_name.ends_with(suffix)) return true;
  const auto at = [&](std::size_t i) { return i < first.size() ? std::to_integer<int>(first[i]) : -1; };
  const bool zip = at(0) == 'P' && at(1) == 'K' && at(2) == 3 && at(3) == 4;
  const bool pickle = at(0) == 0x80 && at(1) >= 2 && at(1) <= 5;
  return zip || pickle;
}

Error pickle_error(const std::string& path) {
  return make_error(
      Exit::kModel, "pickle",
      "unsupported: this is a Python pickle, which can run any code when it is opened; convert the model to "
      "safetensors (save_pretrained of transformers does)",
      path);
}

}  // namespace rm::weightfile
