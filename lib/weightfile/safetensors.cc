#include "lib/weightfile/safetensors.h"

#include <algorithm>
#include <optional>

#include "lib/base/checked.h"
#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/weightfile/fields.h"

namespace rm::weightfile {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::size_t kMaxDims = 8;
constexpr std::size_t kMaxName = 1024;

Error bad_file(const std::string& file, std::string message) {
  return make_error(Exit::kModel, "bad_weights", std::move(message), file);
}

Error bad_tensor(const std::string& file, std::string_view tensor, std::string message) {
  return bad_file(file + ": tensor " + escape_text(tensor), std::move(message));
}

std::optional<DType> dtype_of(std::string_view s) {
  if (s == "F32") return DType::kF32;
  if (s == "F16") return DType::kF16;
  if (s == "BF16") return DType::kBF16;
  return std::nullopt;
}

// A list of non-negative integers; empty where it is anything else.
std::optional<std::vector<std::uint64_t>> unsigned_list(const std::optional<json::Value>& v, std::size_t most) {
  if (!v || !v->is(json::Type::kArray) || v->size() > most) return std::nullopt;
  std::vector<std::uint64_t> out;
  bool ok = true;
  v->each_item([&](std::size_t, json::Value item) {
    const auto u = item.unsigned_integer();
    ok = ok && u.has_value();
    out.push_back(u.value_or(0));
  });
  if (!ok) return std::nullopt;
  return out;
}

struct Region {
  std::uint64_t data_start, data_bytes;
};

Result<TensorInfo> parse_tensor(std::string_view tensor, const json::Value& v, const Region& region,
                                const std::string& file) {
  const auto bad = [&](std::string message) { return bad_tensor(file, tensor, std::move(message)); };
  if (tensor.empty() || tensor.size() > kMaxName) return bad("the name is empty or longer than 1024 bytes");
  if (!v.is(json::Type::kObject)) return bad(std::string("is ") + json::name(v.type()) + "; expected an object");
  TensorInfo t;
  t.name = std::string(tensor);
  const auto dtype = v.find("dtype");
  const auto dtype_text = dtype ? dtype->string() : std::nullopt;
  if (!dtype_text) return bad("\"dtype\" is missing or no string");
  const auto known = dtype_of(*dtype_text);
  if (!known) return bad("\"dtype\" is \"" + escape_text(*dtype_text, 40) + "\"; supported are F32, F16 and BF16");
  t.dtype = *known;
  const auto shape = unsigned_list(v.find("shape"), kMaxDims);
  if (!shape) return bad("\"shape\" is missing or no list of at most 8 non-negative integers");
  t.shape = *shape;
  const auto offsets = unsigned_list(v.find("data_offsets"), 2);
  if (!offsets || offsets->size() != 2) return bad("\"data_offsets\" is missing or no pair of non-negative integers");
  if (v.size() != 3) return bad("has members besides dtype, shape and data_offsets");
  const auto elements = checked_product(t.shape);
  const auto bytes = elements ? checked_mul<std::uint64_t>(*elements, block_bytes(t.dtype)) : std::nullopt;
  if (!bytes) return bad("the shape " + shape_text(t.shape) + " is too large for any file");
  if (*bytes == 0) return bad("the shape " + shape_text(t.shape) + " has no elements");
  const std::uint64_t begin = (*offsets)[0], end = (*offsets)[1];
  if (end < begin) return bad("data_offsets end before they begin");
  if (end - begin != *bytes)
    return bad(std::string("data_offsets span ") + format_grouped(end - begin) + " bytes; shape " +
               shape_text(t.shape) + " of " + name(t.dtype) + " needs " + format_grouped(*bytes));
  if (end > region.data_bytes)
    return bad("ends at byte " + format_grouped(region.data_start + std::min(end, UINT64_MAX - region.data_start)) +
               " but the file has " + format_grouped(region.data_start + region.data_bytes) +
               ": the download is not complete");
  t.bytes = *bytes;
  t.offset = region.data_start + begin;
  return t;
}

// Sorted by offset, the tensors must cover the data without a hole, an overlap or a rest.
Result<void> check_cover(std::span<const TensorInfo> tensors, const Region& region, const std::string& file) {
  std::uint64_t at = region.data_start;
  for (const TensorInfo& t : tensors) {
    if (t.offset < at) return bad_tensor(file, t.name, "overlaps the tensor before it");
    if (t.offset > at) return bad_tensor(file, t.name, "follows a hole of " + format_grouped(t.offset - at) + " bytes");
    at += t.bytes;
  }
  if (at != region.data_start + region.data_bytes)
    return bad_file(file, "the tensors end at byte " + format_grouped(at) + " but the file has " +
                              format_grouped(region.data_start + region.data_bytes));
  return {};
}

}  // namespace

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

Result<std::uint64_t> safetensors_header_bytes(std::span<const std::byte> first, std::uint64_t file_bytes,
                                               const std::string& name) {
  Cursor c(first, name);
  RM_ASSIGN(const std::uint64_t n, c.read<std::uint64_t>("the header's length"));
  if (n > limits::kSafetensorsHeader)
    return bad_file(name, "the header claims " + format_grouped(n) + " bytes; at most " +
                              format_grouped(limits::kSafetensorsHeader) + " are allowed: this is no safetensors file");
  if (file_bytes < kLengthBytes || n > file_bytes - kLengthBytes)
    return bad_file(name, "the header claims " + format_grouped(n) + " bytes but the file has " +
                              format_grouped(file_bytes) + ": the download is not complete");
  if (n < 2) return bad_file(name, "the header is empty");
  return n;
}

Result<std::vector<TensorInfo>> parse_safetensors(std::string_view header, std::uint64_t file_bytes,
                                                  const std::string& name, std::size_t file) {
  if (header.empty() || header.front() != '{') return bad_file(name, "the header does not begin with '{'");
  const Region region{kLengthBytes + header.size(), file_bytes - kLengthBytes - header.size()};
  json::Document doc;
  RM_ASSIGN(const json::Value top, parse_object(doc, header, name));
  if (top.size() > limits::kTensors)
    return bad_file(name, "has " + format_grouped(top.size()) + " tensors; at most " +
                              format_grouped(limits::kTensors) + " are allowed");
  std::vector<TensorInfo> tensors;
  std::optional<Error> error;
  top.each_member([&](std::string_view key, json::Value v) {
    if (error) return;
    if (key == "__metadata__") {
      if (!v.is(json::Type::kObject)) {
        error = bad_file(name, "__metadata__ is no object");
        return;
      }
      v.each_member([&](std::string_view, json::Value text) {
        if (!text.is(json::Type::kString)) error = bad_file(name, "__metadata__ holds something that is no string");
      });
      return;
    }
    auto t = parse_tensor(key, v, region, name);
    if (!t) {
      error = t.error();
      return;
    }
    t->file = file;
    tensors.push_back(*std::move(t));
  });
  if (error) return *error;
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorInfo& a, const TensorInfo& b) { return a.offset < b.offset; });
  RM_TRY(check_cover(tensors, region, name));
  return tensors;
}

Result<std::vector<TensorInfo>> read_safetensors(int fd, const std::string& name, std::size_t file) {
  RM_ASSIGN(const fd::Kind kind, fd::kind(fd, name));
  if (!kind.regular) return bad_file(name, "is not a regular file");
  std::byte first[kLengthBytes];
  if (kind.size < kLengthBytes)
    return bad_file(name, "has " + std::to_string(kind.size) + " bytes: no safetensors file is that short");
  RM_TRY(fd::read_at(fd, 0, first, name));
  RM_ASSIGN(const std::uint64_t n, safetensors_header_bytes(first, kind.size, name));
  std::string header(n, '\0');
  RM_TRY(fd::read_at(fd, kLengthBytes, std::as_writable_bytes(std::span(header)), name));
  return parse_safetensors(header, kind.size, name, file);
}

}  // namespace rm::weightfile
