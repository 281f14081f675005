#include "lib/weightfile/safetensors_write.h"

#include <algorithm>
#include <string_view>

#include "lib/base/bf16.h"
#include "lib/base/checked.h"
#include "lib/base/escape.h"
#include "lib/base/json.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/weightfile/safetensors.h"

namespace rm::weightfile {
namespace {

constexpr std::size_t kStrip = 1u << 18;  // elements converted or asked for at a time
constexpr std::size_t kAlignment = 8;     // of the header's end

Error bug(const std::string& path, std::string message) {
  return make_error(Exit::kBug, "bad_write", std::move(message), path);
}

// Bytes of a tensor that a file can hold.
Result<std::uint64_t> bytes_of(const TensorPlan& t, const std::string& path) {
  const auto elements = checked_product(t.shape);
  const auto bytes = elements ? checked_mul<std::uint64_t>(*elements, block_bytes(t.dtype)) : std::nullopt;
  if (!bytes || *bytes == 0 || block_elements(t.dtype) != 1 || t.name.empty())
    return bug(path, "tensor " + escape_text(t.name) + " of " + name(t.dtype) + " " + shape_text(t.shape) +
                         " cannot be stored");
  return *bytes;
}

Result<void> refuse_twins(std::span<const TensorPlan> tensors, const std::string& path) {
  std::vector<std::string_view> names;
  for (const TensorPlan& t : tensors) names.push_back(t.name);
  std::sort(names.begin(), names.end());
  const auto twin = std::adjacent_find(names.begin(), names.end());
  if (twin == names.end()) return {};
  return bug(path, "tensor " + escape_text(*twin) + " is to be written twice");
}

struct Head {
  std::string text;  // length and JSON
  std::vector<std::uint64_t> bytes;
  std::uint64_t data = 0;
};

Result<Head> make_head(std::span<const TensorPlan> tensors, const std::string& path) {
  RM_TRY(refuse_twins(tensors, path));
  Head out;
  std::string json;
  json::Writer w(json);
  w.begin_object().key("__metadata__").begin_object().member("format", "pt").end_object();
  for (const TensorPlan& t : tensors) {
    RM_ASSIGN(const std::uint64_t bytes, bytes_of(t, path));
    const auto end = checked_add(out.data, bytes);
    if (!end) return bug(path, "the tensors are larger than any file");
    w.key(t.name).begin_object().member("dtype", name(t.dtype)).key("shape").begin_array();
    for (const std::uint64_t d : t.shape) w.value(d);
    w.end_array().key("data_offsets").begin_array().value(out.data).value(*end).end_array().end_object();
    out.bytes.push_back(bytes);
    out.data = *end;
  }
  w.end_object();
  json.resize((json.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  if (json.size() > limits::kSafetensorsHeader) return bug(path, "the header would be larger than readers accept");
  for (std::size_t i = 0; i < 8; ++i) out.text += static_cast<char>(json.size() >> (8 * i) & 0xFF);
  out.text += json;
  return out;
}

}  // namespace

Result<SafetensorsWriter> SafetensorsWriter::create(const std::string& path, std::span<const TensorPlan> tensors) {
  RM_ASSIGN(const Head head, make_head(tensors, path));
  RM_ASSIGN(AtomicFile file, AtomicFile::create(path));
  SafetensorsWriter out(std::move(file), path);
  out.file_bytes_ = head.text.size() + head.data;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    out.parts_.push_back({tensors[i].name, tensors[i].dtype, head.bytes[i]});
  if (auto ok = out.file_.reserve(out.file_bytes_); !ok) return out.explained(ok.error());
  RM_TRY(out.put(std::as_bytes(std::span(head.text))));
  return out;
}

// A full disk is worth saying how much is needed.
Error SafetensorsWriter::explained(Error e) const {
  if (e.reason == "disk_full")
    e.message += "; the file needs " + format_grouped(file_bytes_) + " bytes: make room and run again";
  e.where = escape_text(path_);
  return e;
}

Result<void> SafetensorsWriter::put(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  hash_.add(text);
  if (auto ok = file_.write(text); !ok) return explained(ok.error());
  return {};
}

// Counts bytes of the current tensor as written.
Result<void> SafetensorsWriter::room_for(std::uint64_t bytes) {
  while (at_ < parts_.size() && parts_[at_].left == 0) ++at_;
  if (at_ == parts_.size()) return bug(path_, "more data than the tensors have");
  Part& p = parts_[at_];
  if (bytes > p.left) return bug(path_, "more data than tensor " + escape_text(p.name) + " has");
  p.left -= bytes;
  return {};
}

Result<void> SafetensorsWriter::append_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  RM_TRY(room_for(bytes.size()));
  return put(bytes);
}

Result<void> SafetensorsWriter::append(std::span<const float> values) {
  if (values.empty()) return {};
  RM_TRY(room_for(0));
  const DType dtype = parts_[at_].dtype;
  if (dtype == DType::kF32) return append_bytes(std::as_bytes(values));
  if (dtype != DType::kBF16) return bug(path_, "floats are stored as F32 or BF16");
  RM_TRY(room_for(2 * values.size()));
  halves_.resize(kStrip);
  while (!values.empty()) {
    const std::size_t n = std::min(values.size(), kStrip);
    std::transform(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n), halves_.begin(), to_bf16);
    RM_TRY(put(std::as_bytes(std::span(halves_).first(n))));
    values = values.subspan(n);
  }
  return {};
}

Result<WrittenFile> SafetensorsWriter::finish() {
  for (const Part& p : parts_)
    if (p.left > 0) return bug(path_, "tensor " + escape_text(p.name) + " lacks " + format_grouped(p.left) + " bytes");
  if (auto ok = file_.commit(); !ok) return explained(ok.error());
  return WrittenFile{file_bytes_, hash_.digest()};
}

Result<WrittenFile> write_safetensors(const std::string& path, std::span<const TensorPlan> tensors,
                                      const ReadElements& read) {
  RM_ASSIGN(SafetensorsWriter out, SafetensorsWriter::create(path, tensors));
  std::vector<float> strip(kStrip);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t all = checked_product(tensors[i].shape).value_or(0);
    for (std::uint64_t first = 0; first < all; first += kStrip) {
      const auto part = std::span(strip).first(std::min<std::uint64_t>(kStrip, all - first));
      RM_TRY(read(i, first, part));
      RM_TRY(out.append(part));
    }
  }
  return out.finish();
}

}  // namespace rm::weightfile
