#include "lib/tune/manifest.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "lib/base/checked.h"
#include "lib/base/escape.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/weightfile/safetensors.h"

namespace rm::tune {
namespace {

constexpr std::string_view kSeal = ",\"xxh3\":\"", kSealEnd = "\"}\n";  // around the checksum, which ends the file
constexpr std::size_t kSealDigits = 32;
constexpr std::size_t kMaxDims = 8, kMaxName = 1024;  // of a safetensors file
constexpr std::uint64_t kElementBytes = 4;

Error bad(const std::string& where, std::string message) {
  return make_error(Exit::kModel, "bad_checkpoint", std::move(message), where);
}

bool is_hash(std::string_view s) {
  return s.size() == kSealDigits &&
         std::all_of(s.begin(), s.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// A plain name in the folder itself.
bool is_file_name(std::string_view s) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  };
  return !s.empty() && s.size() <= 255 && s.front() != '.' && s != kManifestName &&
         std::all_of(s.begin(), s.end(), plain);
}

// The members of one object; the first that is wrong is kept.
class Members {
 public:
  Members(json::Value object, std::string path, const std::string& where)
      : object_(object), path_(std::move(path)), where_(where) {}

  std::string text(std::string_view key) {
    const auto v = object_.find(key);
    const auto s = v ? v->string() : std::nullopt;
    if (!s) expected(key, "a string", v);
    return std::string(s.value_or(""));
  }
  std::uint64_t count(std::string_view key) {
    const auto v = object_.find(key);
    const auto n = v ? v->unsigned_integer() : std::nullopt;
    if (!n) expected(key, "an integer from 0 on", v);
    return n.value_or(0);
  }
  std::int64_t integer(std::string_view key) {
    const std::uint64_t n = count(key);
    if (n > static_cast<std::uint64_t>(INT64_MAX)) expected(key, "an integer below 2^63", object_.find(key));
    return static_cast<std::int64_t>(std::min(n, static_cast<std::uint64_t>(INT64_MAX)));
  }
  std::vector<json::Value> list(std::string_view key) {
    const auto v = object_.find(key);
    if (!v || !v->is(json::Type::kArray)) expected(key, "a list", v);
    return v ? v->items() : std::vector<json::Value>();
  }
  Result<void> status() const {
    if (error_) return *error_;
    return {};
  }

 private:
  void expected(std::string_view key, const char* what, const std::optional<json::Value>& got) {
    if (error_) return;
    error_ =
        bad(where_, "\"" + path_ + std::string(key) + "\" is " +
                        (got ? escape_text(got->dump().substr(0, 80)) : std::string("missing")) + "; expected " + what);
  }
  json::Value object_;
  std::string path_;
  const std::string& where_;
  std::optional<Error> error_;
};

void write_facts(json::Writer& w, const RunFacts& f) {
  w.member("step", f.step).member("epoch", f.epoch).member("position", f.position);
  w.member("seed", f.seed).member("rng", f.rng).member("threads", f.threads);
  w.member("isa", std::string_view(f.isa)).member("dtype", std::string_view(f.dtype));
  w.member("device", std::string_view(f.device)).member("settings", std::string_view(f.settings));
  w.member("data", std::string_view(f.data)).member("base", std::string_view(f.base));
  w.member("notes", std::string_view(f.notes));
}

Result<RunFacts> read_facts(json::Value top, const std::string& where) {
  Members m(top, "", where);
  RunFacts f;
  f.step = m.integer("step");
  f.epoch = m.integer("epoch");
  f.position = m.integer("position");
  f.seed = m.count("seed");
  f.rng = m.count("rng");
  f.threads = m.integer("threads");
  f.isa = m.text("isa");
  f.dtype = m.text("dtype");
  f.device = m.text("device");
  f.settings = m.text("settings");
  f.data = m.text("data");
  f.base = m.text("base");
  f.notes = m.text("notes");
  RM_TRY(m.status());
  return f;
}

// The JSON text without its checksum, which is compared.
Result<void> check_seal(std::string_view text, const std::string& where) {
  const std::size_t tail = kSeal.size() + kSealDigits + kSealEnd.size();
  const std::size_t body = text.size() < tail ? 0 : text.size() - tail;
  const std::string_view end = text.substr(body);
  if (body == 0 || !end.starts_with(kSeal) || !end.ends_with(kSealEnd))
    return bad(where, "does not end in its checksum: it was cut or changed");
  const std::string_view stored = end.substr(kSeal.size(), kSealDigits);
  const std::string computed = hash128(text.substr(0, body)).hex();
  if (stored == computed) return {};
  return bad(where, "its checksum is " + computed + "; it was written with " + escape_text(stored) +
                        ": the file is damaged or was changed");
}

Result<StoredFile> read_file_entry(json::Value v, std::size_t i, const std::string& where) {
  Members m(v, "files[" + std::to_string(i) + "].", where);
  StoredFile f{m.text("name"), m.count("bytes"), m.text("xxh3")};
  RM_TRY(m.status());
  if (!is_hash(f.xxh3)) return bad(where, "file " + escape_text(f.name) + ": \"xxh3\" is no checksum of 32 digits");
  return f;
}

using FileIndex = std::map<std::string, std::size_t, std::less<>>;

struct Entry {
  StateTensor tensor;
  Slice slice;
};

Result<Entry> read_tensor_entry(json::Value v, std::size_t i, const FileIndex& files, const std::string& where) {
  const std::string path = "tensors[" + std::to_string(i) + "].";
  Members m(v, path, where);
  Entry e;
  e.tensor.name = m.text("name");
  e.tensor.slot = m.text("slot");
  for (const json::Value d : m.list("shape")) {
    const auto n = d.unsigned_integer();
    if (!n || e.tensor.shape.size() == kMaxDims)
      return bad(where, "\"" + path + "shape\" is no list of at most 8 integers from 0 on");
    e.tensor.shape.push_back(*n);
  }
  e.slice.begin = m.count("begin");
  e.slice.end = m.count("end");
  e.slice.key = m.text("key");
  const std::string file = m.text("file");
  RM_TRY(m.status());
  const auto found = files.find(file);
  if (found == files.end())
    return bad(where, label(e.tensor) + " is said to lie in " + escape_text(file) + ", which is not among \"files\"");
  e.slice.file = found->second;
  return e;
}

Result<void> gather_tensors(Manifest& m, const std::vector<json::Value>& list, const std::string& where) {
  FileIndex files;
  for (std::size_t i = 0; i < m.files.size(); ++i) files.emplace(m.files[i].name, i);
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  for (std::size_t i = 0; i < list.size(); ++i) {
    RM_ASSIGN(Entry e, read_tensor_entry(list[i], i, files, where));
    const auto [at, fresh] = known.emplace(std::pair(e.tensor.name, e.tensor.slot), m.tensors.size());
    if (fresh) m.tensors.push_back({e.tensor, {}});
    StoredTensor& t = m.tensors[at->second];
    if (t.tensor.shape != e.tensor.shape)
      return bad(where, label(t.tensor) + " has the shape " + weightfile::shape_text(t.tensor.shape) +
                            " in one place and " + weightfile::shape_text(e.tensor.shape) + " in another");
    t.slices.push_back(std::move(e.slice));
  }
  return {};
}

Result<void> check_files(const Manifest& m, const std::string& where) {
  std::set<std::string_view> names;
  std::uint64_t all = 0;
  for (const StoredFile& f : m.files) {
    if (!is_file_name(f.name))
      return bad(where, "file name " + escape_text(f.name) + " is none: letters, digits, dashes and dots, no folders");
    if (!names.insert(f.name).second) return bad(where, "file " + escape_text(f.name) + " is named twice");
    const auto sum = checked_add(all, f.bytes);
    if (!sum) return bad(where, "the sizes of the files are larger than any disk");
    all = *sum;
  }
  return {};
}

Result<void> check_tensor(StoredTensor& t, std::size_t files, const std::string& where) {
  const StateTensor& s = t.tensor;
  const auto refuse = [&](const std::string& what) { return bad(where, label(s) + " " + what); };
  if (s.name.empty() || s.slot.empty() || s.name.size() > kMaxName || s.slot.size() > kMaxName)
    return refuse("has a name or slot that is empty or longer than 1024 bytes");
  const auto elements = checked_product(s.shape);
  const auto bytes = elements ? checked_mul(*elements, kElementBytes) : std::nullopt;
  if (!bytes || *bytes == 0 || s.shape.size() > kMaxDims)
    return refuse("has the shape " + weightfile::shape_text(s.shape) + ", which no file can hold");
  std::sort(t.slices.begin(), t.slices.end(), [](const Slice& a, const Slice& b) { return a.begin < b.begin; });
  std::uint64_t at = 0;
  for (const Slice& slice : t.slices) {
    const std::string span = "rows " + format_grouped(slice.begin) + " to " + format_grouped(slice.end);
    if (slice.end <= slice.begin || slice.end > rows(s))
      return refuse("has " + span + "; expected some of its " + format_grouped(rows(s)));
    if (slice.begin < at) return refuse("has " + span + " although those before end at " + format_grouped(at));
    if (slice.begin > at) return refuse("lacks the rows " + format_grouped(at) + " to " + format_grouped(slice.begin));
    if (slice.file >= files || slice.key.empty() || slice.key.size() > kMaxName)
      return refuse("has a key that is empty or longer than 1024 bytes");
    at = slice.end;
  }
  if (at != rows(s)) return refuse("lacks the rows from " + format_grouped(at) + " on");
  return {};
}

}  // namespace

std::uint64_t rows(const StateTensor& t) { return t.shape.empty() ? 1 : t.shape.front(); }

std::uint64_t row_elements(const StateTensor& t) {
  std::uint64_t n = 1;
  for (std::size_t i = 1; i < t.shape.size(); ++i) n *= t.shape[i];
  return n;
}

std::vector<std::uint64_t> shape_of(const StateTensor& t, const Slice& s) {
  std::vector<std::uint64_t> shape = t.shape;
  if (!shape.empty()) shape.front() = s.end - s.begin;
  return shape;
}

std::string label(const StateTensor& t) { return "tensor " + escape_text(t.name) + " (" + escape_text(t.slot) + ")"; }

std::string manifest_text(const Manifest& m) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("format", kManifestFormat);
  write_facts(w, m.facts);
  w.key("files").begin_array();
  for (const StoredFile& f : m.files) {
    w.begin_object().member("name", std::string_view(f.name)).member("bytes", f.bytes);
    w.member("xxh3", std::string_view(f.xxh3)).end_object();
  }
  w.end_array().key("tensors").begin_array();
  for (const StoredTensor& t : m.tensors) {
    for (const Slice& s : t.slices) {
      w.begin_object().member("name", std::string_view(t.tensor.name)).member("slot", std::string_view(t.tensor.slot));
      w.key("shape").begin_array();
      for (const std::uint64_t d : t.tensor.shape) w.value(d);
      w.end_array().member("begin", s.begin).member("end", s.end);
      w.member("file", std::string_view(m.files[s.file].name)).member("key", std::string_view(s.key)).end_object();
    }
  }
  w.end_array();
  return sealed(std::move(out));
}

std::string sealed(std::string body) {
  const std::string seal = hash128(body).hex();
  return body.append(kSeal).append(seal).append(kSealEnd);
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& where) {
  RM_TRY(check_seal(text, where));
  json::Document doc;
  auto top = doc.parse(text);
  if (!top) return bad(where, top.error().text());
  if (!top->is(json::Type::kObject))
    return bad(where, std::string("is ") + json::name(top->type()) + "; expected an object");
  Members members(*top, "", where);
  const std::uint64_t format = members.count("format");
  const auto files = members.list("files"), tensors = members.list("tensors");
  RM_TRY(members.status());
  if (format != static_cast<std::uint64_t>(kManifestFormat))
    return bad(where, "has format " + std::to_string(format) + "; this program reads format 1");
  Manifest m;
  RM_ASSIGN(m.facts, read_facts(*top, where));
  for (std::size_t i = 0; i < files.size(); ++i) {
    RM_ASSIGN(StoredFile f, read_file_entry(files[i], i, where));
    m.files.push_back(std::move(f));
  }
  RM_TRY(gather_tensors(m, tensors, where));
  RM_TRY(check_manifest(m, where));
  return m;
}

Result<void> check_manifest(Manifest& m, const std::string& where) {
  RM_TRY(check_files(m, where));
  if (m.facts.step < 0 || m.facts.epoch < 0 || m.facts.position < 0 || m.facts.threads < 0)
    return bad(where, "has a step, epoch, position or number of threads below 0");
  json::Document doc;
  const auto notes = doc.parse(m.facts.notes);
  if (!notes || !notes->is(json::Type::kObject)) return bad(where, "\"notes\" is not the text of a JSON object");
  std::set<std::pair<std::string_view, std::string_view>> names;
  std::set<std::pair<std::size_t, std::string_view>> keys;
  for (StoredTensor& t : m.tensors) {
    if (!names.emplace(t.tensor.name, t.tensor.slot).second) return bad(where, label(t.tensor) + " is there twice");
    RM_TRY(check_tensor(t, m.files.size(), where));
    for (const Slice& s : t.slices) {
      if (!keys.emplace(s.file, s.key).second)
        return bad(where, label(t.tensor) + " has the key " + escape_text(s.key) + ", which another has too");
    }
  }
  return {};
}

}  // namespace rm::tune
