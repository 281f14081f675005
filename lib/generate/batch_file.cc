#include "lib/generate/batch_file.h"

#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lib/base/atomic_file.h"
#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/signals.h"
#include "lib/generate/chat_api.h"
#include "lib/records/lines.h"
#include "lib/records/source.h"

namespace rm::generate {
namespace {

constexpr std::size_t kFlush = 256u << 10;
constexpr std::size_t kCapacity = 256;

struct HashOfId {
  std::size_t operator()(const Hash128& h) const { return static_cast<std::size_t>(h.low); }
};

// Every field with its length in front, so that no two requests spell the same text.
Hash128 content_hash(const Request& r, std::string_view model) {
  std::string text;
  const auto add = [&text](std::string_view field) {
    text += std::to_string(field.size()) + ":";
    text += field;
  };
  const auto add_number = [&](double v) {
    std::string digits;
    json::append_number(digits, v);
    add(digits);
  };
  add(model);
  add(std::to_string(r.messages.size()));
  for (const Message& m : r.messages) {
    add(m.role);
    add(m.content);
  }
  add_number(r.temperature);
  add_number(r.top_p);
  add(std::to_string(r.max_tokens));
  add(std::to_string(r.seed));
  add(r.prefill);
  add(r.logprobs ? "1" : "0");
  return hash128(text);
}

std::optional<std::uint64_t> hex_number(std::string_view s) {
  std::uint64_t v = 0;
  for (const char c : s) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    v = v << 4 | static_cast<std::uint64_t>(digit);
  }
  return v;
}

std::optional<Hash128> parse_id(std::string_view id) {
  if (id.size() != 35 || !id.starts_with("rm-")) return std::nullopt;
  const auto high = hex_number(id.substr(3, 16)), low = hex_number(id.substr(19));
  if (!high || !low) return std::nullopt;
  return Hash128{*high, *low};
}

}  // namespace

std::string custom_id(const Request& r, std::string_view model) { return "rm-" + content_hash(r, model).hex(); }

struct BatchWriter::Impl {
  std::string model;
  std::optional<AtomicFile> file;  // empty: standard output
  std::string buffer;
  std::unordered_set<Hash128, HashOfId> seen;
  std::uint64_t repeated = 0;

  Result<void> flush() {
    const std::string out = std::exchange(buffer, {});
    return file ? file->write(out) : fd::write_all(1, out, "");
  }
};

BatchWriter::BatchWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BatchWriter::BatchWriter(BatchWriter&&) noexcept = default;
BatchWriter::~BatchWriter() = default;
std::uint64_t BatchWriter::written() const { return impl_->seen.size(); }
std::uint64_t BatchWriter::repeated() const { return impl_->repeated; }

Result<BatchWriter> BatchWriter::create(const std::string& path, std::string model) {
  auto m = std::make_unique<Impl>();
  m->model = std::move(model);
  if (path != "-") {
    auto file = AtomicFile::create(path);
    if (!file) return file.error();
    m->file.emplace(*std::move(file));
  }
  return BatchWriter(std::move(m));
}

Result<void> BatchWriter::add(const Request& r) {
  RM_ASSIGN(const std::string body, chat_body(r, impl_->model, false));
  const Hash128 id = content_hash(r, impl_->model);
  if (!impl_->seen.insert(id).second) {
    ++impl_->repeated;
    return {};
  }
  json::Writer w(impl_->buffer);
  w.begin_object().member("custom_id", "rm-" + id.hex()).member("method", "POST");
  w.member("url", "/v1/chat/completions").key("body").raw(body).end_object();
  impl_->buffer += '\n';
  return impl_->buffer.size() < kFlush ? Result<void>() : impl_->flush();
}

Result<void> BatchWriter::close() {
  RM_TRY(impl_->flush());
  return impl_->file ? impl_->file->commit() : Result<void>();
}

namespace {

// Where the line for an id is: a place of the file, or of the lines held.
struct Place {
  std::uint64_t byte = 0;
  std::uint32_t length = 0;
  bool good = false;
};

struct Index {
  std::string name;
  fd::Fd file;  // a plain file; otherwise the lines are in `held`
  std::string held;
  std::unordered_map<Hash128, Place, HashOfId> places;
  std::string model;
};

// Whether a line can answer: status 200 and a body that reads as a completion.
bool is_good(const json::Value& line) {
  const auto response = line.find("response");
  const auto body = response ? response->find("body") : std::nullopt;
  if (!body) return false;
  const auto status = response->find("status_code");
  if (status && status->integer().value_or(200) != 200) return false;
  const auto reply = read_completion(*body, Request{});
  return reply.ok() || reply.error().reason == "content_filter";
}

void index_line(const records::Line& line, const json::Value& value, Index& index, BatchCounts& counts) {
  const auto id = value.find("custom_id");
  const auto text = id ? id->string() : std::nullopt;
  const auto hash = text ? parse_id(*text) : std::nullopt;
  if (!hash) {
    ++counts.foreign;
    return;
  }
  const bool good = is_good(value);
  const auto [it, fresh] = index.places.try_emplace(*hash);
  if (!fresh) ++counts.repeated;
  if (!fresh && it->second.good && !good) return;
  it->second = {line.byte, static_cast<std::uint32_t>(line.text.size()), good};
  if (!index.file) {
    it->second.byte = index.held.size();
    index.held += line.text;
  }
  if (!good || !index.model.empty()) return;
  const auto model = value.find("response")->find("body")->find("model");
  if (model) index.model = std::string(model->string().value_or(""));
}

Result<void> read_index(records::Lines& lines, Index& index, BatchCounts& counts) {
  const auto damage = [&counts](const Error& e) {
    if (counts.damaged++ == 0) counts.first_damage = e.text();
  };
  json::Document doc;
  for (records::Line line;;) {
    if (signals::stop_requested()) return signals::stop_error();
    const auto more = lines.next(line);
    if (!more) {
      if (signals::stop_requested() || more.error().exit != Exit::kInput) return more.error();
      damage(more.error());  // a compressed stream that breaks off: what came before it stands
      break;
    }
    if (!*more) break;
    ++counts.lines;
    const auto value = records::parse_line(doc, line, index.name);
    value ? index_line(line, *value, index, counts) : damage(value.error());
  }
  for (const auto& entry : index.places) ++(entry.second.good ? counts.replies : counts.errors);
  return {};
}

class FromBatch final : public Generator {
 public:
  FromBatch(Index index, std::string model) : index_(std::move(index)), model_(std::move(model)) {}
  std::string model_name() const override { return model_.empty() ? index_.model : model_; }
  std::size_t capacity() const override { return kCapacity; }
  std::int64_t context() const override { return 0; }
  bool reasoning_model() const override { return false; }
  std::size_t in_flight() const override { return waiting_.size(); }
  Result<void> submit(Request r) override {
    RM_TRY(chat_supports(r));
    waiting_.push_back(std::move(r));
    return {};
  }
  Result<std::vector<Reply>> wait() override;
  void nudge() override {}  // wait() never waits
  void cancel(std::uint64_t id) override {
    std::erase_if(waiting_, [id](const Request& r) { return r.id == id; });
  }
  void cancel_all() override { waiting_.clear(); }
  Result<Tokenized> show(const Request& r) const override { return chat_as_text(r); }

 private:
  Result<Reply> answer(const Request& r);
  Result<std::string> text_at(const Place& p) const;
  Index index_;
  std::string model_;
  std::vector<Request> waiting_;
  json::Document doc_;
};

Result<std::vector<Reply>> FromBatch::wait() {
  std::vector<Reply> replies;
  if (signals::stop_requested()) return replies;
  for (const Request& r : std::exchange(waiting_, {})) {
    auto reply = answer(r);
    if (!reply && reply.error().exit == Exit::kIo) return reply.error();
    Reply out;
    if (reply) {
      out = *std::move(reply);
      if (r.on_text) r.on_text(std::string_view(out.text).substr(r.prefill.size()));
    } else {
      out.finish = FinishReason::kError;
      out.error = reply.error();
    }
    out.id = r.id;
    replies.push_back(std::move(out));
  }
  return replies;
}

Result<std::string> FromBatch::text_at(const Place& p) const {
  if (!index_.file) return index_.held.substr(p.byte, p.length);
  std::string text(p.length, '\0');
  RM_TRY(fd::read_at(index_.file.number(), p.byte, std::as_writable_bytes(std::span(text)), index_.name, Exit::kIo));
  return text;
}

Result<Reply> FromBatch::answer(const Request& r) {
  const auto it = index_.places.find(content_hash(r, model_));
  if (it == index_.places.end()) {
    return make_error(Exit::kInput, "not_in_batch",
                      "there is no result for this request (" + custom_id(r, model_) +
                          "): ids are the same only with the flags the batch was written with");
  }
  RM_ASSIGN(const std::string text, text_at(it->second));
  const auto line = doc_.parse(text);
  const auto response = line ? line->find("response") : std::nullopt;
  const auto body = response ? response->find("body") : std::nullopt;
  if (it->second.good && body) return read_completion(*body, r);
  if (!line) return make_error(Exit::kIo, "io", "changed while it was being read", index_.name);
  const auto own = line->find("error");
  const bool has_own = own && !own->is(json::Type::kNull);
  const std::string said = has_own ? own->dump() : body ? body->dump() : line->dump();
  json::Document doc;
  const ServerWords words = server_words(doc, said);
  const bool too_long = about_length(words);
  return make_error(too_long ? Exit::kInput : Exit::kUnavailable, too_long ? "too_long" : "endpoint",
                    "the batch says: " + words.message);
}

}  // namespace

Result<Batch> open_batch(const std::string& path, const std::string& model) {
  Index index;
  if (path != "-") {
    RM_ASSIGN(const std::unique_ptr<records::Source> source, records::Source::open(path));
    if (!source->compressed() && source->kind().regular) {
      RM_ASSIGN(index.file, fd::open_read(path));
    }
  }
  RM_ASSIGN(records::Lines lines, records::Lines::open(path));
  index.name = lines.name();
  Batch batch;
  RM_TRY(read_index(lines, index, batch.counts));
  if (index.places.empty()) {
    return make_error(
        Exit::kInput, "no_results",
        batch.counts.lines == 0 ? "is empty; expected the result file of a batch"
        : batch.counts.damaged == 0
            ? "holds no result for a request of ours; expected the result file of a batch that --emit-batch wrote"
            : "holds no result; the first line that cannot be read: " + batch.counts.first_damage,
        index.name);
  }
  batch.generator = std::make_unique<FromBatch>(std::move(index), model);
  return batch;
}

}  // namespace rm::generate
