#include <algorithm>
#include <map>
#include <utility>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/tune/checkpoint.h"
#include "lib/tune/manifest.h"
#include "lib/tune/step_folders.h"
#include "lib/weightfile/safetensors.h"
#include "lib/weightfile/tensor_read.h"

namespace rm::tune {
namespace {

constexpr std::size_t kPiece = 1u << 20;  // bytes read at a time
constexpr std::uint64_t kElementBytes = 4;

Error bad(const std::string& where, std::string message) {
  return make_error(Exit::kModel, "bad_checkpoint", std::move(message), where);
}

Result<weightfile::OpenShard> open_file(const std::string& folder, const StoredFile& f) {
  RM_ASSIGN(auto file, weightfile::open_shard(folder + "/" + f.name));
  RM_ASSIGN(const fd::Kind kind, fd::kind(file.fd.number(), file.path));
  if (!kind.regular) return bad(escape_text(file.path), "is not a regular file");
  if (kind.size != f.bytes)
    return bad(escape_text(file.path), "has " + format_grouped(kind.size) + " bytes; the manifest says " +
                                           format_grouped(f.bytes) + ": it was cut or replaced");
  return file;
}

Result<void> check_hash(const weightfile::OpenShard& file, const StoredFile& f) {
  StreamHash hash;
  std::string piece;
  for (std::uint64_t at = 0; at < f.bytes; at += piece.size()) {
    if (signals::stop_requested()) return signals::stop_error();
    piece.resize(std::min<std::uint64_t>(kPiece, f.bytes - at));
    RM_TRY(fd::read_at(file.fd.number(), at, std::as_writable_bytes(std::span(piece)), file.path));
    hash.add(piece);
  }
  const std::string computed = hash.digest().hex();
  if (computed == f.xxh3) return {};
  return bad(escape_text(file.path), "its checksum is " + computed + "; it was written with " + f.xxh3 +
                                         ": the file is damaged or was changed");
}

using Slices = std::map<std::string_view, std::pair<const StateTensor*, Slice*>>;  // by key

// The slices of file `index`, found in its header.
Result<void> find_slices(const weightfile::OpenShard& file, const Slices& slices) {
  const std::string where = escape_text(file.path);
  RM_ASSIGN(const auto infos, weightfile::read_safetensors(file.fd.number(), where, 0));
  for (const weightfile::TensorInfo& info : infos) {
    const auto found = slices.find(info.name);
    if (found == slices.end())
      return bad(where, "holds " + escape_text(info.name) + ", of which the manifest knows nothing");
    const auto& [tensor, slice] = found->second;
    const auto shape = shape_of(*tensor, *slice);
    if (info.dtype != weightfile::DType::kF32 || info.shape != shape)
      return bad(where, escape_text(info.name) + " is " + weightfile::name(info.dtype) + " " +
                            weightfile::shape_text(info.shape) + "; the manifest says F32 " +
                            weightfile::shape_text(shape));
    slice->offset = info.offset;
  }
  if (infos.size() == slices.size()) return {};
  for (const auto& [key, to] : slices) {
    const bool there = std::ranges::any_of(infos, [&, k = key](const auto& info) { return info.name == k; });
    if (!there) return bad(where, "lacks " + label(*to.first) + ", which the manifest says it holds");
  }
  return {};
}

enum class Trust { kAsVerified, kNothing };

// The manifest with the places of all slices. kNothing: every byte of every file is compared with its checksum.
Result<Manifest> open_checkpoint(const std::string& path, std::int64_t step, Trust trust) {
  const std::string name = path + "/" + kManifestName, where = escape_text(name);
  const auto kind = fd::kind_of_path(name);
  if (kind && !kind->regular) return bad(where, "is not a regular file");  // a pipe would be waited for
  RM_ASSIGN(const std::string text, fd::read_file(name, limits::kManifestBytes, Exit::kModel));
  RM_ASSIGN(Manifest m, parse_manifest(text, where));
  if (m.facts.step != step)
    return bad(where, "is of step " + std::to_string(m.facts.step) + "; its folder says " + std::to_string(step));
  std::vector<Slices> slices(m.files.size());
  for (StoredTensor& t : m.tensors)
    for (Slice& s : t.slices) slices[s.file].emplace(s.key, std::pair(&t.tensor, &s));
  for (std::size_t i = 0; i < m.files.size(); ++i) {
    RM_ASSIGN(const auto file, open_file(path, m.files[i]));
    if (trust == Trust::kNothing) RM_TRY(check_hash(file, m.files[i]));
    RM_TRY(find_slices(file, slices[i]));
  }
  return m;
}

// For every wanted tensor the stored one.
Result<std::vector<const StoredTensor*>> match(const Manifest& m, std::span<const StateTensor> wanted,
                                               const std::string& where) {
  std::map<std::pair<std::string_view, std::string_view>, const StoredTensor*> stored;
  for (const StoredTensor& t : m.tensors) stored[{t.tensor.name, t.tensor.slot}] = &t;
  std::vector<const StoredTensor*> out;
  for (const StateTensor& t : wanted) {
    const auto found = stored.find({t.name, t.slot});
    if (found == stored.end()) return bad(where, "lacks " + label(t) + ", which this run trains");
    if (found->second->tensor.shape != t.shape)
      return bad(where, label(t) + " has the shape " + weightfile::shape_text(found->second->tensor.shape) +
                            "; in this run it is " + weightfile::shape_text(t.shape));
    out.push_back(found->second);
    stored.erase(found);
  }
  if (!stored.empty())
    return bad(where, "holds " + label(stored.begin()->second->tensor) + ", which this run does not train");
  return out;
}

Result<void> hand_over(const weightfile::OpenShard& file, const StoredTensor& t, const Slice& s, std::size_t index,
                       const WriteTensor& write, std::vector<float>& piece) {
  const std::uint64_t first = s.begin * row_elements(t.tensor), all = (s.end - s.begin) * row_elements(t.tensor);
  for (std::uint64_t at = 0; at < all; at += piece.size()) {
    if (signals::stop_requested()) return signals::stop_error();
    piece.resize(std::min<std::uint64_t>(kPiece / kElementBytes, all - at));
    RM_TRY(fd::read_at(file.fd.number(), s.offset + at * kElementBytes, std::as_writable_bytes(std::span(piece)),
                       file.path));
    RM_TRY(write(index, first + at, piece));
  }
  return {};
}

}  // namespace

Result<std::optional<FoundCheckpoint>> newest_checkpoint(const std::string& folder,
                                                         const std::function<void(const std::string&)>& notice) {
  RM_ASSIGN(const auto all, step_folders(folder));
  std::string newest;
  for (const StepFolder& s : all) {
    auto m = open_checkpoint(s.path, s.step, Trust::kNothing);
    if (m) return std::optional(FoundCheckpoint{s.path, std::move(m->facts)});
    const Error& e = m.error();
    if (e.exit != Exit::kModel && e.exit != Exit::kIo) return e;  // a stop, no memory
    if (newest.empty()) newest = e.text();
    notice("the checkpoint of step " + std::to_string(s.step) + " is passed over: " + e.text());
  }
  if (all.empty()) return std::optional<FoundCheckpoint>();
  return bad(escape_text(folder), "none of its " + std::to_string(all.size()) + " checkpoints is sound (the newest: " +
                                      newest + "): put a copy of one there, or begin a new run in another folder");
}

Result<void> load_checkpoint(const FoundCheckpoint& c, std::span<const StateTensor> tensors, const WriteTensor& write) {
  RM_ASSIGN(const Manifest m, open_checkpoint(c.path, c.facts.step, Trust::kAsVerified));
  RM_ASSIGN(const auto stored, match(m, tensors, escape_text(c.path)));
  std::optional<weightfile::OpenShard> file;
  std::size_t open = 0;
  std::vector<float> piece;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    for (const Slice& s : stored[i]->slices) {
      if (!file || open != s.file) {
        RM_ASSIGN(file, open_file(c.path, m.files[s.file]));
        open = s.file;
      }
      RM_TRY(hand_over(*file, *stored[i], s, i, write, piece));
    }
  }
  return {};
}

}  // namespace rm::tune
