#include "lib/tune/checkpoint.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>

#include "lib/base/atomic_file.h"
#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/folders.h"
#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/tune/manifest.h"
#include "lib/weightfile/safetensors.h"
#include "lib/weightfile/safetensors_write.h"

namespace rm::tune {
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr std::string_view kStep = "step-", kPartial = ".partial", kOld = ".old";
constexpr std::uint64_t kFileBytes = std::uint64_t{2} << 30;
constexpr std::uint64_t kManifestBytes = std::uint64_t{1} << 30;
constexpr std::size_t kPiece = std::size_t{1} << 20;

std::string folder_name(std::int64_t step) {
  char text[40];
  std::snprintf(text, sizeof text, "step-%08lld", static_cast<long long>(step));
  return text;
}

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kStep)) return std::nullopt;
  const auto n = parse_unsigned(name.substr(kStep.size()));
  if (!n || folder_name(static_cast<std::int64_t>(*n)) != name) return std::nullopt;
  return static_cast<std::int64_t>(*n);
}

// Names in a folder, without "." and ".."; empty where there is no such folder.
Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> out;
  DIR* d = ::opendir(folder.c_str());
  if (d == nullptr) {
    if (errno == ENOENT) return out;
    return fd::system_error(Exit::kIo, errno, "cannot list the folder", folder);
  }
  while (const dirent* e = ::readdir(d)) {
    const std::string name = e->d_name;
    if (name != "." && name != "..") out.push_back(name);
  }
  ::closedir(d);
  return out;
}

// A checkpoint's folder with the files in it; there are no folders below.
Result<void> remove_checkpoint(const std::string& path) {
  RM_ASSIGN(const std::vector<std::string> names, names_in(path));
  // The manifest first: what is half removed is no checkpoint.
  RM_TRY(remove_file(path + "/" + kManifest));
  for (const std::string& n : names) RM_TRY(remove_file(path + "/" + n));
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT)
    return fd::system_error(Exit::kIo, errno, "cannot remove the folder", path);
  return {};
}

Result<void> rename_folder(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return fd::system_error(Exit::kIo, errno, "cannot rename to " + escape_text(to), from);
  return {};
}

// Tensors in files of about kFileBytes, and the manifest that says where.
Result<Manifest> write_tensors(const std::string& folder, std::span<const StateTensor> tensors,
                               const ReadTensor& read) {
  Manifest m;
  for (std::size_t at = 0; at < tensors.size();) {
    std::vector<weightfile::TensorPlan> plan;
    const std::size_t first = at;
    for (std::uint64_t bytes = 0; at < tensors.size() && (at == first || bytes < kFileBytes); ++at) {
      const StateTensor& t = tensors[at];
      bytes += t.elements() * sizeof(float);
      const std::string key = t.slot + "/" + t.name;
      plan.push_back({key, weightfile::DType::kF32, t.shape});
      m.slices.push_back({t.name, t.slot, t.shape, 0, t.shape[0], m.files.size(), key});
    }
    char name[40];
    std::snprintf(name, sizeof name, "state-%05zu.safetensors", m.files.size() + 1);
    RM_ASSIGN(const weightfile::WrittenFile w,
              weightfile::write_safetensors(
                  folder + "/" + name, plan,
                  [&](std::size_t i, std::uint64_t from, std::span<float> to) { return read(first + i, from, to); }));
    m.files.push_back({name, w.bytes, w.hash.hex()});
  }
  return m;
}

struct Found {
  std::int64_t step;
  std::string path;
};

// Newest first.
Result<std::vector<Found>> checkpoints_in(const std::string& folder) {
  RM_ASSIGN(const std::vector<std::string> names, names_in(folder));
  std::vector<Found> out;
  for (const std::string& n : names)
    if (const auto step = step_of(n)) out.push_back({*step, folder + "/" + n});
  std::ranges::sort(out, [](const Found& a, const Found& b) { return a.step > b.step; });
  return out;
}

// What earlier saves left unfinished. A folder set aside whose successor never came takes its place again.
Result<void> tidy(const std::string& folder) {
  RM_ASSIGN(const std::vector<std::string> names, names_in(folder));
  for (const std::string& n : names) {
    const std::string path = folder + "/" + n;
    if (n.ends_with(kPartial) && step_of(std::string_view(n).substr(0, n.size() - kPartial.size()))) {
      RM_TRY(remove_checkpoint(path));
    } else if (n.ends_with(kOld) && step_of(std::string_view(n).substr(0, n.size() - kOld.size()))) {
      const std::string home = path.substr(0, path.size() - kOld.size());
      RM_TRY(fd::kind_of_path(home) ? remove_checkpoint(path) : rename_folder(path, home));
    }
  }
  return {};
}

Error damaged(const std::string& where, const std::string& what) {
  return make_error(Exit::kModel, "bad_checkpoint", what, where);
}

Result<void> verify_file(const std::string& folder, const ManifestFile& f) {
  const std::string path = folder + "/" + f.name;
  const auto kind = fd::kind_of_path(path);
  if (!kind || !kind->regular) return damaged(path, "is missing");
  if (kind->size != f.bytes) {
    return damaged(path, "has " + format_grouped(kind->size) + " bytes; the manifest says " + format_grouped(f.bytes));
  }
  RM_ASSIGN(const fd::Fd in, fd::open_read(path));
  StreamHash hash;
  std::vector<std::byte> piece(kPiece);
  for (std::uint64_t at = 0; at < f.bytes;) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, f.bytes - at));
    RM_TRY(fd::read_at(in.number(), at, std::span(piece).first(n), path));
    hash.add(std::string_view(reinterpret_cast<const char*>(piece.data()), n));
    at += n;
  }
  if (hash.digest().hex() != f.hash) return damaged(path, "is damaged: its bytes do not have the hash in the manifest");
  return {};
}

Result<Manifest> read_manifest(const std::string& folder) {
  const std::string path = folder + "/" + kManifest;
  RM_ASSIGN(const std::string text, fd::read_file(path, kManifestBytes, Exit::kModel));
  return parse_manifest(text, path);
}

Result<Manifest> verify(const std::string& folder) {
  RM_ASSIGN(Manifest m, read_manifest(folder));
  for (const ManifestFile& f : m.files) RM_TRY(verify_file(folder, f));
  return m;
}

std::string title(const std::string& name, const std::string& slot) {
  return "tensor " + escape_text(name, 200) + " (" + escape_text(slot, 40) + ")";
}

// An open file of a checkpoint, and what its header says is in it.
struct OpenFile {
  std::string path;
  fd::Fd in;
  std::map<std::string, weightfile::TensorInfo> tensors;
};

Result<OpenFile> open_file(const std::string& path, std::size_t index) {
  OpenFile f;
  f.path = path;
  RM_ASSIGN(f.in, fd::open_read(path));
  RM_ASSIGN(const auto infos, weightfile::read_safetensors(f.in.number(), path, index));
  for (const weightfile::TensorInfo& t : infos) f.tensors.emplace(t.name, t);
  return f;
}

Result<void> load_slice(const OpenFile& f, const ManifestSlice& s, std::size_t index, const WriteTensor& write) {
  const auto found = f.tensors.find(s.key);
  std::vector<std::uint64_t> shape = s.shape;
  shape[0] = s.end - s.begin;
  if (found == f.tensors.end() || found->second.dtype != weightfile::DType::kF32 || found->second.shape != shape)
    return damaged(f.path, title(s.name, s.slot) + " is not in it with its rows, in f32");
  const std::uint64_t row = s.shape.size() > 1 ? s.shape[1] : 1, first = s.begin * row, count = (s.end - s.begin) * row;
  std::vector<float> piece(kPiece / sizeof(float));
  for (std::uint64_t at = 0; at < count;) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), count - at));
    const auto part = std::span(piece).first(n);
    RM_TRY(fd::read_at(f.in.number(), found->second.offset + at * sizeof(float), std::as_writable_bytes(part), f.path));
    RM_TRY(write(index, first + at, part));
    at += n;
  }
  return {};
}

}  // namespace

Result<void> save_checkpoint(const std::string& folder, const RunFacts& facts, std::span<const StateTensor> tensors,
                             const ReadTensor& read, std::int64_t keep) {
  RM_TRY(make_folder(folder));
  RM_TRY(tidy(folder));
  const std::string home = folder + "/" + folder_name(facts.step), partial = home + std::string(kPartial),
                    old = home + std::string(kOld);
  RM_TRY(make_folder(partial));
  RM_ASSIGN(Manifest m, write_tensors(partial, tensors, read));
  m.facts = facts;
  RM_TRY(write_file_atomically(partial + "/" + kManifest, to_text(m)));  // syncs the folder too
  // The same step again, of a run that was resumed: the earlier one is set aside until the new one stands.
  const bool again = fd::kind_of_path(home).has_value();
  if (again) RM_TRY(rename_folder(home, old));
  RM_TRY(rename_folder(partial, home));
  RM_TRY(sync_folder(folder));
  if (again) RM_TRY(remove_checkpoint(old));
  if (keep <= 0) return {};
  RM_ASSIGN(const std::vector<Found> all, checkpoints_in(folder));
  for (std::size_t i = static_cast<std::size_t>(keep); i < all.size(); ++i) RM_TRY(remove_checkpoint(all[i].path));
  return {};
}

Result<std::optional<FoundCheckpoint>> newest_checkpoint(const std::string& folder,
                                                         const std::function<void(const std::string&)>& notice) {
  RM_ASSIGN(const std::vector<Found> all, checkpoints_in(folder));
  for (const Found& f : all) {
    auto m = verify(f.path);
    if (m && m->facts.step != f.step) m = damaged(f.path, "says that it is of step " + std::to_string(m->facts.step));
    if (m) return std::optional(FoundCheckpoint{f.path, m->facts});
    if (m.error().exit == Exit::kStopped || m.error().exit == Exit::kInterrupted) return m.error();
    if (notice) notice(m.error().text() + "; the checkpoint is passed over for the one before it");
  }
  if (all.empty()) return std::optional<FoundCheckpoint>();
  return make_error(
      Exit::kModel, "bad_checkpoint",
      "none of its " + std::to_string(all.size()) + " checkpoints is sound; begin the run again in another folder",
      folder);
}

Result<void> load_checkpoint(const FoundCheckpoint& c, std::span<const StateTensor> tensors, const WriteTensor& write) {
  RM_ASSIGN(const Manifest m, read_manifest(c.path));
  std::map<std::pair<std::string, std::string>, std::vector<const ManifestSlice*>> slices;
  for (const ManifestSlice& s : m.slices) slices[{s.name, s.slot}].push_back(&s);
  std::vector<OpenFile> files;
  for (const ManifestFile& f : m.files) {
    RM_ASSIGN(OpenFile open, open_file(c.path + "/" + f.name, files.size()));
    files.push_back(std::move(open));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const StateTensor& t = tensors[i];
    const auto found = slices.find({t.name, t.slot});
    if (found == slices.end()) return damaged(c.path, title(t.name, t.slot) + " is missing: it is of another run");
    auto& parts = found->second;
    std::ranges::sort(parts, {}, [](const ManifestSlice* s) { return s->begin; });
    std::uint64_t rows = 0;
    for (const ManifestSlice* s : parts) {
      if (s->shape != t.shape) {
        return damaged(c.path, title(t.name, t.slot) + " has shape " + weightfile::shape_text(s->shape) +
                                   "; this run's is " + weightfile::shape_text(t.shape));
      }
      if (s->begin != rows) return damaged(c.path, title(t.name, t.slot) + " has rows twice or not at all");
      rows = s->end;
    }
    if (rows != t.shape[0]) return damaged(c.path, title(t.name, t.slot) + " lacks its last rows");
    for (const ManifestSlice* s : parts) RM_TRY(load_slice(files[s->file], *s, i, write));
    slices.erase(found);
  }
  if (slices.empty()) return {};
  const auto& [name, slot] = slices.begin()->first;
  return damaged(c.path, "has " + title(name, slot) + ", which this run does not train");
}

}  // namespace rm::tune
