#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "lib/base/atomic_file.h"
#include "lib/base/fd.h"
#include "lib/base/folders.h"
#include "lib/base/number.h"
#include "lib/tune/checkpoint.h"
#include "lib/tune/manifest.h"
#include "lib/tune/step_folders.h"
#include "lib/weightfile/safetensors_write.h"

namespace rm::tune {
namespace {

constexpr std::uint64_t kElementBytes = 4;

std::string file_name(std::size_t number) { return "weights-" + format_padded(number, 5) + ".safetensors"; }

std::string key_of(const StateTensor& t, const Slice& s) {
  const std::string key = t.slot + ":" + t.name;
  if (s.begin == 0 && s.end == rows(t)) return key;
  return key + "[" + std::to_string(s.begin) + ":" + std::to_string(s.end) + "]";
}

// What lies in one file: (tensor, slice) in order.
struct FilePlan {
  std::vector<std::pair<std::size_t, std::size_t>> slices;
  std::uint64_t bytes = 0;
};

// Fills files in order; a tensor larger than a file is cut by rows.
std::vector<FilePlan> place(Manifest& m, std::uint64_t file_bytes) {
  std::vector<FilePlan> files;
  for (std::size_t i = 0; i < m.tensors.size(); ++i) {
    StoredTensor& t = m.tensors[i];
    const std::uint64_t row_bytes = std::max<std::uint64_t>(row_elements(t.tensor) * kElementBytes, kElementBytes);
    const std::uint64_t most = std::max<std::uint64_t>(file_bytes / row_bytes, 1);
    for (std::uint64_t begin = 0; begin < rows(t.tensor);) {
      const std::uint64_t end = begin + std::min(most, rows(t.tensor) - begin);
      const std::uint64_t bytes = (end - begin) * row_bytes;
      if (files.empty() || files.back().bytes + bytes > file_bytes) files.push_back({});
      Slice s{begin, end, files.size() - 1, "", 0};
      s.key = key_of(t.tensor, s);
      files.back().slices.emplace_back(i, t.slices.size());
      files.back().bytes += bytes;
      t.slices.push_back(std::move(s));
      begin = end;
    }
  }
  for (std::size_t i = 0; i < files.size(); ++i) m.files.push_back({file_name(i + 1), files[i].bytes, ""});
  return files;
}

Result<StoredFile> write_file(const std::string& path, const std::string& name, const Manifest& m, const FilePlan& plan,
                              const ReadTensor& read) {
  std::vector<weightfile::TensorPlan> tensors;
  for (const auto& [t, s] : plan.slices) {
    const StoredTensor& stored = m.tensors[t];
    tensors.push_back({stored.slices[s].key, weightfile::DType::kF32, shape_of(stored.tensor, stored.slices[s])});
  }
  const auto part = [&](std::size_t index, std::uint64_t first, std::span<float> to) {
    const auto& [t, s] = plan.slices[index];
    const StoredTensor& stored = m.tensors[t];
    return read(t, stored.slices[s].begin * row_elements(stored.tensor) + first, to);
  };
  RM_ASSIGN(const weightfile::WrittenFile written, weightfile::write_safetensors(path, tensors, part));
  return StoredFile{name, written.bytes, written.hash.hex()};
}

Result<void> fill(const std::string& path, Manifest& m, const std::vector<FilePlan>& files, const ReadTensor& read) {
  if (::mkdir(path.c_str(), 0777) != 0) return fd::system_error(Exit::kIo, errno, "cannot make the folder", path);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = m.files[i].name;
    RM_ASSIGN(m.files[i], write_file(path + "/" + name, name, m, files[i], read));
  }
  return write_file_atomically(path + "/" + kManifestName, manifest_text(m));
}

}  // namespace

Result<void> save_checkpoint(const std::string& folder, const RunFacts& facts, std::span<const StateTensor> tensors,
                             const ReadTensor& read, std::int64_t keep, std::uint64_t file_bytes) {
  Manifest m;
  m.facts = facts;
  for (const StateTensor& t : tensors) m.tensors.push_back({t, {}});
  const std::vector<FilePlan> files = place(m, file_bytes);
  if (auto ok = check_manifest(m, "checkpoint"); !ok)  // what nobody could read is not written
    return make_error(Exit::kBug, "bad_write", ok.error().message, ok.error().where);
  RM_TRY(make_folder(folder));
  RM_TRY(tidy(folder));
  auto done = fill(partial_path(folder, facts.step), m, files, read);
  if (done) done = put_in_place(folder, facts.step);
  if (!done) {
    (void)tidy(folder);  // its room; the error that counts is the first
    return done;
  }
  return remove_old(folder, facts.step, keep);
}

}  // namespace rm::tune
