#include "lib/tune/manifest.h"

#include <algorithm>

#include "lib/base/checked.h"
#include "lib/base/escape.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/limits.h"

namespace rm::tune {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kSeal = ",\"xxh3\":\"";
constexpr std::size_t kSealBytes = 9 + 32 + 3;  // with the digits, and "\"}\n" behind them

Error bad(const std::string& where, const std::string& message) {
  return make_error(Exit::kModel, "bad_manifest", message, where);
}

// Members of one object, each of which must be there and of its type.
class Fields {
 public:
  Fields(json::Value v, const std::string& where) : v_(v), where_(where) {}
  Fields& text(const char* key, std::string& to) {
    const auto s = find(key, json::Type::kString);
    if (s) to = std::string(*s->string());
    return *this;
  }
  template <class T>
  Fields& number(const char* key, T& to) {
    const auto n = find(key, json::Type::kNumber);
    if (!n) return *this;
    if constexpr (std::is_signed_v<T>) {
      const auto i = n->integer();
      i&&* i >= 0 ? static_cast<void>(to = *i) : fail(key, "is no whole number from 0");
    } else {
      const auto i = n->unsigned_integer();
      i ? static_cast<void>(to = *i) : fail(key, "is no whole number from 0");
    }
    return *this;
  }
  std::vector<json::Value> list(const char* key) {
    const auto a = find(key, json::Type::kArray);
    if (!a) return {};
    if (a->size() <= limits::kTensors * 8) return a->items();
    fail(key, "has too many entries");
    return {};
  }
  std::optional<json::Value> object(const char* key) { return find(key, json::Type::kObject); }
  void fail(const std::string& key, const std::string& what) {
    if (!error_) error_ = bad(where_, "\"" + key + "\" " + what);
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<json::Value> find(const char* key, json::Type type) {
    const auto found = v_.find(key);
    if (found && found->is(type)) return found;
    fail(key, found ? std::string("is ") + json::name(found->type()) : "is missing");
    return std::nullopt;
  }
  json::Value v_;
  const std::string& where_;
  std::optional<Error> error_;
};

bool is_plain(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' &&
         std::ranges::all_of(name, [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '/' && c != '\\'; });
}

Result<RunFacts> read_facts(json::Value v, const std::string& where) {
  Fields f(v, where);
  RunFacts r;
  f.number("step", r.step).number("epoch", r.epoch).number("position", r.position).number("seed", r.seed);
  f.number("rng", r.rng).number("threads", r.threads).text("isa", r.isa).text("dtype", r.dtype);
  f.text("device", r.device).text("settings", r.settings).text("data", r.data).text("base", r.base);
  if (const auto notes = f.object("notes")) r.notes = notes->dump();
  if (f.error()) return *f.error();
  return r;
}

Result<ManifestSlice> read_slice(json::Value v, std::size_t files, const std::string& where) {
  Fields f(v, where);
  ManifestSlice s;
  std::uint64_t file = 0, elements = 1;
  f.text("name", s.name).text("slot", s.slot).text("key", s.key).number("begin", s.begin).number("end", s.end);
  f.number("file", file);
  for (const json::Value& d : f.list("shape")) {
    const auto n = d.unsigned_integer();
    const auto product = n && *n > 0 ? checked_mul(elements, *n) : std::nullopt;
    if (!product) {
      f.fail("shape", "holds something that is no size");
      break;
    }
    elements = *product;
    s.shape.push_back(*n);
  }
  s.file = static_cast<std::size_t>(file);
  if (f.error()) return *f.error();
  const std::string what = "tensor " + escape_text(s.name, 200) + " (" + escape_text(s.slot, 40) + ")";
  if (s.shape.empty() || s.shape.size() > 2) return bad(where, what + " has no rows or too many dimensions");
  if (file >= files) return bad(where, what + " lies in a file that is not listed");
  if (s.begin >= s.end || s.end > s.shape[0]) return bad(where, what + " has rows that it cannot have");
  return s;
}

}  // namespace

std::string to_text(const Manifest& m) {
  std::string out;
  json::Writer w(out);
  const auto text = [&](const char* key, const std::string& v) { w.member(key, std::string_view(v)); };
  const RunFacts& r = m.facts;
  w.begin_object().member("format", kFormat).key("run").begin_object();
  w.member("step", r.step).member("epoch", r.epoch).member("position", r.position).member("seed", r.seed);
  w.member("rng", r.rng).member("threads", r.threads);
  text("isa", r.isa), text("dtype", r.dtype), text("device", r.device), text("settings", r.settings);
  text("data", r.data), text("base", r.base);
  w.key("notes").raw(r.notes.empty() ? "{}" : r.notes).end_object();
  w.key("files").begin_array();
  for (const ManifestFile& f : m.files) {
    w.begin_object();
    text("name", f.name);
    w.member("bytes", f.bytes);
    text("xxh3", f.hash);
    w.end_object();
  }
  w.end_array().key("tensors").begin_array();
  for (const ManifestSlice& s : m.slices) {
    w.begin_object();
    text("name", s.name), text("slot", s.slot);
    w.key("shape").begin_array();
    for (const std::uint64_t d : s.shape) w.value(d);
    w.end_array().member("begin", s.begin).member("end", s.end).member("file", static_cast<std::uint64_t>(s.file));
    text("key", s.key);
    w.end_object();
  }
  w.end_array();
  const std::string hash = hash128(out).hex();  // of all before the seal: the object is still open
  return out + std::string(kSeal) + hash + "\"}\n";
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& where) {
  if (text.size() < kSealBytes) return bad(where, "is not complete");
  const std::string_view sealed = text.substr(0, text.size() - kSealBytes), seal = text.substr(sealed.size());
  if (seal != std::string(kSeal) + hash128(sealed).hex() + "\"}\n")
    return bad(where, "is damaged: its bytes do not have the hash that stands at its end");
  json::Document doc;
  const auto top = doc.parse(text);
  if (!top || !top->is(json::Type::kObject)) return bad(where, "is no JSON object");
  Fields f(*top, where);
  std::int64_t format = 0;
  f.number("format", format);
  if (!f.error() && format != kFormat) f.fail("format", "is " + std::to_string(format) + "; this program reads 1");
  const auto run = f.object("run");
  const std::vector<json::Value> files = f.list("files"), tensors = f.list("tensors");
  if (f.error()) return *f.error();
  Manifest m;
  RM_ASSIGN(m.facts, read_facts(*run, where));
  for (const json::Value& v : files) {
    Fields g(v, where);
    ManifestFile file;
    g.text("name", file.name).number("bytes", file.bytes).text("xxh3", file.hash);
    if (g.error()) return *g.error();
    if (!is_plain(file.name)) return bad(where, "\"" + escape_text(file.name, 60) + "\" is no plain name of a file");
    m.files.push_back(std::move(file));
  }
  for (const json::Value& v : tensors) {
    RM_ASSIGN(ManifestSlice s, read_slice(v, m.files.size(), where));
    m.slices.push_back(std::move(s));
  }
  return m;
}

}  // namespace rm::tune
