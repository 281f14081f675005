#include "lib/weightfile/gguf.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "lib/base/checked.h"
#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/weightfile/safetensors.h"

namespace rm::weightfile::gguf {
namespace {

constexpr std::uint64_t kMaxKey = 65535;   // bytes of one
constexpr std::uint64_t kMaxKeys = 65536;  // in one file
constexpr std::uint64_t kMaxName = 63;     // ggml keeps 64 bytes with the end mark
constexpr std::uint32_t kMaxDims = 4;
constexpr std::uint64_t kFirstRead = 1u << 20;

struct Scalar {
  const char* name;
  std::size_t bytes;  // 0: string or array
};
constexpr std::array<Scalar, 13> kTypes = {{{"u8", 1},
                                            {"i8", 1},
                                            {"u16", 2},
                                            {"i16", 2},
                                            {"u32", 4},
                                            {"i32", 4},
                                            {"f32", 4},
                                            {"bool", 1},
                                            {"string", 0},
                                            {"array", 0},
                                            {"u64", 8},
                                            {"i64", 8},
                                            {"f64", 8}}};

std::optional<Type> type_of(std::uint32_t raw) {
  if (raw >= kTypes.size()) return std::nullopt;
  return static_cast<Type>(raw);
}
std::size_t scalar_bytes(Type t) { return kTypes[static_cast<std::size_t>(t)].bytes; }

// ggml's numbers of the tensor types we decode.
std::optional<DType> dtype_of(std::uint32_t raw) {
  constexpr std::pair<std::uint32_t, DType> kKnown[] = {{0, DType::kF32},   {1, DType::kF16},   {2, DType::kQ4_0},
                                                        {3, DType::kQ4_1},  {6, DType::kQ5_0},  {7, DType::kQ5_1},
                                                        {8, DType::kQ8_0},  {12, DType::kQ4_K}, {13, DType::kQ5_K},
                                                        {14, DType::kQ6_K}, {30, DType::kBF16}};
  for (const auto& [number, type] : kKnown)
    if (number == raw) return type;
  return std::nullopt;
}

template <class T>
T load(std::span<const std::byte> raw, std::uint64_t at = 0) {
  T v;
  std::memcpy(&v, raw.data() + at, sizeof v);
  return v;
}

std::optional<std::int64_t> load_integer(Type t, std::span<const std::byte> raw, std::uint64_t i) {
  switch (t) {
    case Type::kU8:
      return load<std::uint8_t>(raw, i);
    case Type::kI8:
      return load<std::int8_t>(raw, i);
    case Type::kU16:
      return load<std::uint16_t>(raw, i * 2);
    case Type::kI16:
      return load<std::int16_t>(raw, i * 2);
    case Type::kU32:
      return load<std::uint32_t>(raw, i * 4);
    case Type::kI32:
      return load<std::int32_t>(raw, i * 4);
    case Type::kI64:
      return load<std::int64_t>(raw, i * 8);
    case Type::kU64: {
      const auto v = load<std::uint64_t>(raw, i * 8);
      if (v > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
      return static_cast<std::int64_t>(v);
    }
    default:
      return std::nullopt;
  }
}

// Walks the file from its magic to the end of the tensor list. Every read goes through the cursor.
class Walk {
 public:
  Walk(std::span<const std::byte> head, std::uint64_t file_bytes, const std::string& name)
      : c_(head, name), file_bytes_(file_bytes), name_(name) {}

  Result<std::string_view> string(std::string_view what, std::uint64_t most) {
    RM_ASSIGN(const std::uint64_t n, c_.read<std::uint64_t>(what));
    if (n > most)
      return bad(std::string(what) + " claims " + format_grouped(n) + " bytes; at most " + format_grouped(most) +
                 " are possible here");
    return c_.take_text(n, what);
  }

  Result<Value> value(std::string_view key) {
    RM_ASSIGN(const std::uint32_t raw, c_.read<std::uint32_t>("a metadata type"));
    const auto type = type_of(raw);
    if (!type) return bad("key " + escape_text(key) + " has type " + std::to_string(raw) + ", which does not exist");
    Value v;
    v.type = *type;
    if (*type == Type::kString) {
      RM_ASSIGN(const std::string_view s, string("a metadata string", file_bytes_));
      v.raw = std::as_bytes(std::span(s));
      return v;
    }
    if (*type == Type::kArray) return array(key, v);
    RM_ASSIGN(v.raw, c_.take(scalar_bytes(*type), "a metadata value"));
    if (*type == Type::kBool && load<std::uint8_t>(v.raw) > 1)
      return bad("key " + escape_text(key) + " is a bool that is neither 0 nor 1");
    return v;
  }

  Result<Tensor> tensor() {
    Tensor t;
    RM_ASSIGN(t.name, string("a tensor's name", kMaxName));
    if (t.name.empty()) return bad("a tensor has an empty name");
    RM_ASSIGN(const std::uint32_t dims, c_.read<std::uint32_t>("a tensor's dimension count"));
    if (dims < 1 || dims > kMaxDims)
      return bad_tensor(t, "has " + std::to_string(dims) + " dimensions; expected 1 to 4");
    t.shape.resize(dims);
    for (std::uint32_t i = 0; i < dims; ++i) {
      RM_ASSIGN(t.shape[dims - 1 - i], c_.read<std::uint64_t>("a tensor's dimension"));
      if (t.shape[dims - 1 - i] == 0) return bad_tensor(t, "has a dimension of 0");
    }
    RM_ASSIGN(const std::uint32_t raw, c_.read<std::uint32_t>("a tensor's type"));
    const auto dtype = dtype_of(raw);
    if (!dtype)
      return bad_tensor(t, "has type number " + std::to_string(raw) +
                               "; supported are F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K");
    t.dtype = *dtype;
    const std::uint64_t block = block_elements(t.dtype);
    if (t.shape.back() % block != 0)
      return bad_tensor(t, "has rows of " + std::to_string(t.shape.back()) + ", no whole number of " +
                               weightfile::name(t.dtype) + " blocks of " + std::to_string(block));
    const auto elements = checked_product(t.shape);
    const auto bytes = elements ? checked_mul<std::uint64_t>(*elements / block, block_bytes(t.dtype)) : std::nullopt;
    if (!bytes) return bad_tensor(t, "has a shape too large for any file: " + shape_text(t.shape));
    t.bytes = *bytes;
    RM_ASSIGN(t.offset, c_.read<std::uint64_t>("a tensor's offset"));
    return t;
  }

  // From offsets in the data section to offsets in the file; proves order, alignment and end.
  Result<void> place(std::vector<Tensor>& tensors, std::uint64_t alignment) const {
    const auto padded = [&](std::uint64_t n) {
      const auto up = checked_add<std::uint64_t>(n, alignment - 1);
      return up ? std::optional(*up & ~(alignment - 1)) : std::nullopt;
    };
    const auto start = padded(c_.position());
    if (!start) return bad("the tensor list ends too late");
    std::uint64_t at = 0;  // where the next tensor must begin
    for (Tensor& t : tensors) {
      if (t.offset % alignment != 0)
        return bad_tensor(
            t, "begins at " + std::to_string(t.offset) + ", no multiple of the alignment " + std::to_string(alignment));
      if (t.offset != at)
        return bad_tensor(t, "begins at " + std::to_string(t.offset) + " of the data; expected " + std::to_string(at) +
                                 " (an overlap or a hole)");
      const auto begin = checked_add(*start, t.offset);
      const auto end = begin ? checked_add(*begin, t.bytes) : std::nullopt;
      if (!end || *end > file_bytes_)
        return bad_tensor(t, "ends " + (end ? "at byte " + format_grouped(*end) : std::string("beyond any file")) +
                                 " but the file has " + format_grouped(file_bytes_) + ": the download is not complete");
      const auto next = padded(at + t.bytes);
      if (!next) return bad_tensor(t, "is too large for any file");
      at = *next;
      t.offset = *begin;
    }
    return {};
  }

  Error bad(std::string message) const { return c_.error("bad_gguf", std::move(message)); }
  Error bad_tensor(const Tensor& t, std::string message) const {
    return make_error(Exit::kModel, "bad_gguf", std::move(message), name_ + ": tensor " + escape_text(t.name));
  }
  Cursor& cursor() { return c_; }

 private:
  Result<Value> array(std::string_view key, Value v) {
    RM_ASSIGN(const std::uint32_t raw, c_.read<std::uint32_t>("an array's element type"));
    const auto element = type_of(raw);
    if (!element || *element == Type::kArray)
      return bad("key " + escape_text(key) + " is an array of " + (element ? "arrays" : "type " + std::to_string(raw)) +
                 ", which is not supported");
    v.element = *element;
    RM_ASSIGN(v.count, c_.read<std::uint64_t>("an array's length"));
    const std::uint64_t least = *element == Type::kString ? 8 : scalar_bytes(*element);
    const auto bytes = checked_mul(v.count, least);
    if (!bytes || *bytes > file_bytes_)
      return bad("key " + escape_text(key) + " claims " + format_grouped(v.count) +
                 " elements, more than the file can hold");
    if (*element != Type::kString) {
      RM_ASSIGN(v.raw, c_.take(*bytes, "an array"));
      return v;
    }
    Cursor probe = c_;
    RM_TRY(probe.skip(*bytes, "an array of strings"));  // not even empty strings would fit
    const std::uint64_t begin = c_.position();
    Cursor from = c_;
    for (std::uint64_t i = 0; i < v.count; ++i) RM_TRY(string("a string of an array", file_bytes_));
    RM_ASSIGN(v.raw, from.take(c_.position() - begin, "an array"));
    return v;
  }

  Cursor c_;
  std::uint64_t file_bytes_;
  const std::string& name_;
};

Result<void> read_magic(Walk& w) {
  RM_ASSIGN(const std::string_view magic, w.cursor().take_text(4, "the magic"));
  if (magic != "GGUF") return w.bad("the file does not begin with GGUF");
  RM_ASSIGN(const std::uint32_t version, w.cursor().read<std::uint32_t>("the version"));
  if (version == 2 || version == 3) return {};
  if (version != 0 && (version & 0xFFFF) == 0) return w.bad("the file is big-endian, which is not supported");
  return w.bad("GGUF version " + std::to_string(version) + "; supported are 2 and 3");
}

Result<std::uint64_t> alignment_of(const Header& h, const std::string& file) {
  const Value* v = h.find("general.alignment");
  if (!v) return std::uint64_t{32};
  const auto n = v->type == Type::kU32 ? v->integer() : std::nullopt;
  if (!n || *n < 1 || *n > (1 << 20) || (*n & (*n - 1)) != 0)
    return make_error(Exit::kModel, "bad_gguf",
                      "general.alignment is " + (n ? std::to_string(*n) : std::string(name(v->type))) +
                          "; expected a u32 that is a power of two up to 1,048,576",
                      file);
  return static_cast<std::uint64_t>(*n);
}

}  // namespace

const char* name(Type t) { return kTypes[static_cast<std::size_t>(t)].name; }

std::optional<std::int64_t> Value::integer() const { return load_integer(type, raw, 0); }

std::optional<double> Value::number() const {
  if (type == Type::kF32) return static_cast<double>(load<float>(raw));
  if (type == Type::kF64) return load<double>(raw);
  if (const auto i = integer()) return static_cast<double>(*i);
  return std::nullopt;
}

std::optional<bool> Value::boolean() const {
  if (type != Type::kBool) return std::nullopt;
  return load<std::uint8_t>(raw) == 1;
}

std::optional<std::string_view> Value::text() const {
  if (type != Type::kString) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size());
}

bool Value::each_text(const std::function<void(std::uint64_t, std::string_view)>& f) const {
  if (type != Type::kArray || element != Type::kString) return false;
  Cursor c(raw);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto n = c.read<std::uint64_t>("length");
    if (!n) return false;
    const auto s = c.take_text(*n, "text");
    if (!s) return false;
    f(i, *s);
  }
  return true;
}

bool Value::each_integer(const std::function<void(std::uint64_t, std::int64_t)>& f) const {
  if (type != Type::kArray || element == Type::kString || element == Type::kF32 || element == Type::kF64 ||
      element == Type::kBool)
    return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto v = load_integer(element, raw, i);
    if (!v) return false;
    f(i, *v);
  }
  return true;
}

const Value* Header::find(std::string_view key) const {
  const auto at = std::lower_bound(values_.begin(), values_.end(), key,
                                   [](const Entry& e, std::string_view k) { return e.key < k; });
  return at != values_.end() && at->key == key ? &at->value : nullptr;
}

Result<Header> Header::parse(std::span<const std::byte> head, std::uint64_t file_bytes, const std::string& name) {
  Walk w(head, file_bytes, name);
  RM_TRY(read_magic(w));
  RM_ASSIGN(const std::uint64_t tensors, w.cursor().read<std::uint64_t>("the tensor count"));
  RM_ASSIGN(const std::uint64_t keys, w.cursor().read<std::uint64_t>("the metadata count"));
  if (tensors > limits::kTensors)
    return w.bad("the file claims " + format_grouped(tensors) + " tensors; at most " +
                 format_grouped(limits::kTensors) + " are allowed");
  if (keys > kMaxKeys)
    return w.bad("the file claims " + format_grouped(keys) + " metadata keys; at most " + format_grouped(kMaxKeys) +
                 " are allowed");
  Header h;
  for (std::uint64_t i = 0; i < keys; ++i) {
    RM_ASSIGN(const std::string_view key, w.string("a metadata key", kMaxKey));
    RM_ASSIGN(const Value v, w.value(key));
    h.values_.push_back({key, v});
  }
  std::sort(h.values_.begin(), h.values_.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  const auto twin = std::adjacent_find(h.values_.begin(), h.values_.end(),
                                       [](const Entry& a, const Entry& b) { return a.key == b.key; });
  if (twin != h.values_.end()) return w.bad("the metadata key " + escape_text(twin->key) + " is there twice");
  for (std::uint64_t i = 0; i < tensors; ++i) {
    RM_ASSIGN(Tensor t, w.tensor());
    h.tensors_.push_back(std::move(t));
  }
  RM_ASSIGN(const std::uint64_t alignment, alignment_of(h, name));
  RM_TRY(w.place(h.tensors_, alignment));
  return h;
}

Result<File> open(const std::string& path) {
  File f;
  auto opened = fd::open_read(path);
  if (!opened) {
    Error e = opened.error();
    if (e.exit == Exit::kInput) e.exit = Exit::kModel;
    return e;
  }
  f.fd = *std::move(opened);
  RM_ASSIGN(const fd::Kind kind, fd::kind(f.fd.number(), path));
  if (!kind.regular) return make_error(Exit::kModel, "bad_gguf", "is not a regular file", path);
  // The header's length is not written anywhere: read more until it is whole.
  const std::uint64_t most = std::min(kind.size, limits::kTokenizerBytes);
  for (std::uint64_t n = std::min(kind.size, kFirstRead);; n = std::min(most, n * 4)) {
    const std::uint64_t had = f.head.size();
    f.head.resize(n);
    RM_TRY(fd::read_at(f.fd.number(), had, std::span(f.head).subspan(had), path));
    auto header = Header::parse(f.head, kind.size, path);
    if (header) {
      f.header = *std::move(header);
      return f;
    }
    if (header.error().reason != "truncated" || n >= most) return header.error();
  }
}

Result<void> refuse_split(const Header& h, const std::string& file) {
  const Value* v = h.find("split.count");
  const auto n = v ? v->integer() : std::nullopt;
  if (!v || (n && *n <= 1)) return {};
  return make_error(Exit::kModel, "split_gguf",
                    "this is one part of a model split over " + (n ? std::to_string(*n) : std::string("several")) +
                        " files; merge them into one first (llama-gguf-split --merge)",
                    file);
}

}  // namespace rm::weightfile::gguf
