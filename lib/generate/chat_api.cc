#include "lib/generate/chat_api.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/generate/letters.h"
#include "lib/text/utf8.h"

namespace rm::generate {
namespace {

constexpr int kTopLogprobs = 5;  // what every server grants
constexpr std::uint64_t kSeedBits = (std::uint64_t{1} << 53) - 1;
constexpr std::size_t kWordsShown = 300;
constexpr std::size_t kModelsShown = 12;

Error bad_reply(std::string message) { return make_error(Exit::kInput, "bad_reply", std::move(message)); }

std::string text_of(const json::Value& object, std::string_view key) {
  const auto v = object.find(key);
  return v ? std::string(v->string().value_or("")) : std::string();
}

std::int64_t count_of(const json::Value& object, std::string_view key) {
  const auto v = object.find(key);
  return v ? std::max<std::int64_t>(0, v->integer().value_or(0)) : 0;
}

// A string, null, nothing, or a list of {type: text, text} parts; empty for anything else.
std::optional<std::string> content_of(const json::Value& message) {
  const auto v = message.find("content");
  if (!v || v->is(json::Type::kNull)) return std::string();
  if (const auto s = v->string()) return std::string(*s);
  if (!v->is(json::Type::kArray)) return std::nullopt;
  std::string joined;
  v->each_item([&joined](std::size_t, json::Value part) {
    if (text_of(part, "type") == "text") joined += text_of(part, "text");
  });
  return joined;
}

std::string reasoning_of(const json::Value& message) {
  std::string r = text_of(message, "reasoning_content");
  return r.empty() ? text_of(message, "reasoning") : r;
}

void read_usage(const json::Value& body, Reply& reply) {
  const auto usage = body.find("usage");
  if (!usage || !usage->is(json::Type::kObject)) return;
  reply.prompt_tokens = count_of(*usage, "prompt_tokens");
  reply.completion_tokens = count_of(*usage, "completion_tokens");
}

Result<FinishReason> finish_of(std::string_view reason) {
  if (reason == "length") return FinishReason::kLength;
  if (reason == "content_filter") {
    return make_error(Exit::kInput, "content_filter", "the server's content filter withheld the reply");
  }
  if (reason == "abort" || reason == "error") return bad_reply("the server broke the reply off");
  return FinishReason::kStop;
}

// The first of a list that must hold an object.
std::optional<json::Value> first_choice(const json::Value& body) {
  const auto choices = body.find("choices");
  if (!choices || choices->size() == 0) return std::nullopt;
  const json::Value first = choices->items().front();
  if (!first.is(json::Type::kObject)) return std::nullopt;
  return first;
}

Result<json::Value> parse_repaired(json::Document& doc, std::string_view text) {
  auto value = doc.parse(text);
  if (value || value.error().reason != "bad_utf8") return value;
  return doc.parse(text::sanitise(text));
}

ServerWords words_of(const json::Value& body) {
  const json::Value error = body.find("error").value_or(body);
  std::string message(error.string().value_or(""));
  for (const char* key : {"message", "detail"}) {
    if (message.empty()) message = text_of(error, key);
  }
  ServerWords words{escape_text(text::strip_white(message), kWordsShown), text_of(error, "code")};
  if (words.code.empty()) words.code = text_of(error, "type");
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::ranges::transform(words.code, words.code.begin(), lower);
  return words;
}

// An error object where a completion was expected: some gateways send it with status 200 or amid a stream.
std::optional<Error> error_in(const json::Value& body) {
  const auto error = body.find("error");
  if (!error || error->is(json::Type::kNull)) return std::nullopt;
  const ServerWords words = words_of(body);
  return make_error(Exit::kInput, about_length(words) ? "too_long" : "bad_reply",
                    "the server says: " + (words.message.empty() ? "error" : words.message));
}

void write_messages(json::Writer& w, const Request& r) {
  w.key("messages").begin_array();
  const auto turn = [&w](std::string_view role, std::string_view content) {
    w.begin_object().member("role", role).member("content", content).end_object();
  };
  for (const Message& m : r.messages) turn(m.role, m.content);
  if (!r.prefill.empty()) turn("assistant", r.prefill);
  w.end_array();
}

}  // namespace

Result<void> chat_supports(const Request& r) {
  if (!r.raw_prompt.empty()) {
    return make_error(Exit::kInput, "unsupported",
                      "a prompt that is already rendered needs a local model: a chat server renders its own");
  }
  if (r.forced) return make_error(Exit::kInput, "unsupported", "a given reply can only be scored by a local model");
  return {};
}

Result<Tokenized> chat_as_text(const Request& r) {
  RM_TRY(chat_supports(r));
  Tokenized out;
  for (const Message& m : r.messages) out.text += m.role + ": " + m.content + "\n";
  if (!r.prefill.empty()) out.text += "assistant: " + r.prefill;
  return out;
}

Result<std::string> chat_body(const Request& r, std::string_view model, bool stream) {
  RM_TRY(chat_supports(r));
  std::string body;
  json::Writer w(body);
  w.begin_object().member("model", model);
  write_messages(w, r);
  w.member("temperature", r.temperature).member("top_p", r.top_p);
  if (r.max_tokens > 0) w.member("max_tokens", r.max_tokens);
  w.member("seed", r.seed & kSeedBits).member("stream", stream);
  if (stream) w.key("stream_options").begin_object().member("include_usage", true).end_object();
  if (r.logprobs) w.member("logprobs", true).member("top_logprobs", kTopLogprobs);
  if (!r.prefill.empty()) w.member("continue_final_message", true).member("add_generation_prompt", false);
  w.end_object();
  return body;
}

Result<Reply> read_completion(const json::Value& body, const Request& r) {
  if (auto error = error_in(body)) return *error;
  const auto choice = first_choice(body);
  if (!choice) return bad_reply("the reply holds no choices");
  const auto message = choice->find("message");
  if (!message || !message->is(json::Type::kObject)) return bad_reply("the reply's choice holds no message");
  auto content = content_of(*message);
  if (!content) return bad_reply("the reply's content is no text");
  Reply reply;
  reply.text = r.prefill + *content;
  reply.reasoning = reasoning_of(*message);
  RM_ASSIGN(reply.finish, finish_of(text_of(*choice, "finish_reason")));
  read_usage(body, reply);
  if (!r.logprobs) return reply;
  if (const auto logprobs = choice->find("logprobs")) {
    LetterFinder finder;
    finder.add(*logprobs);
    reply.letters = finder.letters(reply.text, r.prefill.size());
  }
  return reply;
}

Result<Reply> read_completion(json::Document& doc, std::string_view body, const Request& r) {
  const auto value = parse_repaired(doc, body);
  if (!value) return bad_reply("the reply is not JSON: " + value.error().message);
  return read_completion(*value, r);
}

Result<std::vector<std::string>> read_models(json::Document& doc, std::string_view body) {
  const auto value = parse_repaired(doc, body);
  if (!value) return bad_reply("the list of models is not JSON: " + value.error().message);
  const auto data = value->find("data");
  if (!data || !data->is(json::Type::kArray)) return bad_reply("the list of models has no \"data\"");
  std::vector<std::string> ids;
  data->each_item([&ids](std::size_t, json::Value v) {
    if (std::string id = text_of(v, "id"); !id.empty()) ids.push_back(std::move(id));
  });
  return ids;
}

std::string list_models(const std::vector<std::string>& ids) {
  if (ids.empty()) return "none";
  std::string out;
  for (std::size_t i = 0; i < std::min(ids.size(), kModelsShown); ++i) out += (i > 0 ? ", " : "") + escape_text(ids[i]);
  if (ids.size() > kModelsShown) out += ", and " + std::to_string(ids.size() - kModelsShown) + " more";
  return out;
}

ServerWords server_words(json::Document& doc, std::string_view body) {
  if (const auto value = parse_repaired(doc, body)) {
    if (ServerWords words = words_of(*value); !words.message.empty()) return words;
  }
  return {escape_text(text::strip_white(body), kWordsShown), {}};
}

bool about_length(const ServerWords& w) {
  if (w.code.find("context_length") != std::string::npos || w.code.find("exceed_context") != std::string::npos)
    return true;
  for (const char* mark : {"context length", "context window", "context size", "maximum model length", "max_model_len",
                           "too many tokens", "prompt is too long", "input is too long"}) {
    if (w.message.find(mark) != std::string::npos) return true;
  }
  return false;
}

bool about_model(const ServerWords& w) {
  return w.code.find("model_not_found") != std::string::npos || w.code.find("invalid_model") != std::string::npos;
}

namespace {

// The bytes of a token; its text where the server does not list them.
std::string token_bytes(const json::Value& token) {
  const auto bytes = token.find("bytes");
  if (!bytes || !bytes->is(json::Type::kArray)) return text_of(token, "token");
  std::string out;
  bool good = true;
  bytes->each_item([&](std::size_t, json::Value v) {
    const std::int64_t b = v.integer().value_or(-1);
    good = good && b >= 0 && b <= 255;
    out += static_cast<char>(b);
  });
  return good ? out : text_of(token, "token");
}

std::optional<double> logprob_of(const json::Value& token) {
  const auto v = token.find("logprob");
  const auto p = v ? v->number() : std::nullopt;
  if (!p || *p > 1e-6) return std::nullopt;
  return std::min(*p, 0.0);
}

}  // namespace

void LetterFinder::add(const json::Value& logprobs) {
  const auto content = logprobs.find("content");
  if (!content) return;
  content->each_item([this](std::size_t, json::Value token) { add_token(token); });
}

void LetterFinder::add_token(const json::Value& token) {
  const std::string bytes = token_bytes(token);
  const std::size_t begins = joined_.size();
  joined_ += bytes;
  const auto at_a = lone_letter(bytes, 'A'), at_b = lone_letter(bytes, 'B');
  if (at_a.has_value() == at_b.has_value()) return;
  const std::size_t at = at_a ? *at_a : *at_b;
  std::string twin = bytes;
  twin[at] = at_a ? 'B' : 'A';
  const auto own = logprob_of(token);
  const auto top = token.find("top_logprobs");
  if (!own || !top) return;
  std::optional<double> other;
  top->each_item([&](std::size_t, json::Value v) {
    if (!other && token_bytes(v) == twin) other = logprob_of(v);
  });
  if (!other) return;
  found_.push_back({begins + at, at_a ? *own : *other, at_a ? *other : *own});
}

// The tokens may begin with a thought that the server parts from the content, and end in an end token: the content is the
// last place where they spell it. Where they do not (bytes were lost), what agrees at the end is still sure.
std::vector<LetterProb> LetterFinder::letters(std::string_view text, std::size_t text_begins) const {
  const std::string_view content = text.substr(std::min(text_begins, text.size()));
  if (content.empty()) return {};
  std::size_t from = joined_.rfind(content), agree = content.size();
  if (from == std::string::npos) {
    agree = 0;
    while (agree < std::min(content.size(), joined_.size()) &&
           content[content.size() - 1 - agree] == joined_[joined_.size() - 1 - agree]) {
      ++agree;
    }
    from = joined_.size() - agree;
  }
  std::vector<LetterProb> out;
  for (const LetterProb& l : found_) {
    if (l.byte < from || l.byte >= from + agree) continue;
    out.push_back({text.size() - agree + (l.byte - from), l.logprob_a, l.logprob_b});
  }
  return out;
}

Result<void> CompletionStream::push(std::string_view bytes, const std::function<void(std::string_view)>& on_text) {
  if (mode_ == Mode::kUnknown) {
    const auto at = bytes.find_first_not_of(" \t\r\n");
    if (at == std::string_view::npos) return {};
    bytes.remove_prefix(at);
    mode_ = bytes.front() == '{' ? Mode::kPlain : Mode::kEvents;
  }
  if (mode_ == Mode::kPlain) {
    pending_ += bytes;
    return {};
  }
  std::string fresh;
  for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
    std::string_view whole = bytes.substr(0, end);
    if (!pending_.empty()) whole = pending_.append(whole);
    RM_TRY(line(whole, fresh));
    pending_.clear();
  }
  pending_ += bytes;
  if (!fresh.empty() && on_text) on_text(fresh);
  return {};
}

Result<void> CompletionStream::line(std::string_view line, std::string& fresh) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (!line.starts_with("data:")) return {};  // comments, event names, blank lines
  line.remove_prefix(5);
  if (line.starts_with(' ')) line.remove_prefix(1);
  if (line == "[DONE]") done_ = true;
  if (done_ || line.empty()) return {};
  return event(line, fresh);
}

Result<void> CompletionStream::event(std::string_view data, std::string& fresh) {
  const auto value = parse_repaired(doc_, data);
  if (!value) return bad_reply("a piece of the stream is not JSON: " + value.error().message);
  if (auto error = error_in(*value)) return *error;
  read_usage(*value, reply_);
  const auto choice = first_choice(*value);
  if (!choice) return {};  // the last piece of some servers holds the usage alone
  if (const auto delta = choice->find("delta"); delta && delta->is(json::Type::kObject)) {
    const auto content = content_of(*delta);
    if (!content) return bad_reply("a piece of the stream holds content that is no text");
    reply_.text += *content;
    fresh += *content;
    reply_.reasoning += reasoning_of(*delta);
  }
  if (std::string reason = text_of(*choice, "finish_reason"); !reason.empty()) finish_reason_ = std::move(reason);
  if (const auto logprobs = choice->find("logprobs"); logprobs && request_.logprobs) letters_.add(*logprobs);
  return {};
}

Result<Reply> CompletionStream::finish() {
  if (mode_ == Mode::kPlain) return read_completion(doc_, pending_, request_);
  std::string fresh;
  if (!pending_.empty()) RM_TRY(line(pending_, fresh));
  pending_.clear();
  if (!done_ && finish_reason_.empty()) return bad_reply("the stream ended before the reply did");
  RM_ASSIGN(reply_.finish, finish_of(finish_reason_));
  reply_.text.insert(0, request_.prefill);
  if (request_.logprobs) reply_.letters = letters_.letters(reply_.text, request_.prefill.size());
  return std::move(reply_);
}

}  // namespace rm::generate
