// The local generator over an engine that plays back tokens: rendering, stops, letters, forced text. Needs the tokenizer of
// SmolLM2-135M (the weights are not read).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "lib/base/signals.h"
#include "lib/generate/letters.h"
#include "lib/generate/local.h"
#include "lib/weightfile/weight_file.h"

using namespace rm;
using namespace rm::generate;

namespace {

std::string model_path() {
  std::string folder;
  if (const char* f = std::getenv("RM_TEST_MODELS")) {
    folder = f;
  } else {
    const char* data = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    folder = (data != nullptr ? std::string(data) : std::string(home != nullptr ? home : "") + "/.local/share") +
             "/rm-r1/models";
  }
  return folder + "/smollm2-135m-instruct-q4_1.gguf";
}

struct Played {
  std::vector<TokenRequest> requests;
  std::size_t cancelled = 0;
};

// Answers every sequence with the same tokens, one a step, and stops as a real engine would.
class Player final : public TokenEngine {
 public:
  Player(text::Ids ids, std::shared_ptr<Played> log, std::int64_t context)
      : ids_(std::move(ids)), log_(std::move(log)), context_(context) {}
  EngineInfo info() const override {
    EngineInfo i;
    i.vocab = 1 << 20;
    i.context = context_;
    i.batch = 3;
    return i;
  }
  Result<void> submit(TokenRequest r) override {
    log_->requests.push_back(r);
    alive_[r.id] = {std::move(r), 0};
    return {};
  }
  Result<void> cancel(SequenceId id) override {
    ++log_->cancelled;
    alive_.erase(id);
    return {};
  }
  std::size_t alive() const override { return alive_.size(); }
  Result<std::vector<TokenEvent>> step() override {
    std::vector<TokenEvent> events;
    for (auto it = alive_.begin(); it != alive_.end();) {
      auto& [request, at] = it->second;
      const text::Ids& source = request.forced.empty() ? ids_ : request.forced;
      TokenEvent e;
      e.id = it->first;
      const std::int32_t token = at < source.size() ? source[at] : -1;
      const bool stop =
          request.forced.empty() && std::find(request.stop.begin(), request.stop.end(), token) != request.stop.end();
      if (token < 0 || stop) {
        e.finish = Finish::kStop;
      } else {
        e.token = e.argmax = token;
        e.logprob = -0.5f;
        for (std::size_t i = 0; i < request.watch.size(); ++i) e.watched.push_back(-static_cast<float>(i) - 1);
        if (static_cast<std::int64_t>(++at) == request.max_tokens) e.finish = Finish::kLength;
      }
      const bool over = e.finish.has_value();
      events.push_back(std::move(e));
      it = over ? alive_.erase(it) : std::next(it);
    }
    return events;
  }

 private:
  text::Ids ids_;
  std::shared_ptr<Played> log_;
  std::int64_t context_;
  std::map<SequenceId, std::pair<TokenRequest, std::size_t>> alive_;
};

struct Setup {
  explicit Setup(const std::string& reply = {}, std::int64_t context = 4096) {
    if (!std::filesystem::exists(model_path())) return;
    auto file = weightfile::WeightFile::open(model_path());
    REQUIRE(file.ok());
    auto source = (*file)->text();
    REQUIRE(source.ok());
    auto made = text::Tokenizer::make(source->vocab);
    REQUIRE(made.ok());
    tokenizer.emplace(*made);
    text::Ids ids = encode(reply);
    LocalOptions o;
    o.engine.model = model_path();
    auto opened = open_local(o, std::make_unique<Player>(ids, log, context));
    REQUIRE(opened.ok());
    generator = std::move(*opened);
  }
  text::Ids encode(const std::string& s) const {
    text::Ids ids;
    tokenizer->encode_control(s, ids);
    return ids;
  }
  Reply ask(Request r) {
    REQUIRE(generator->submit(std::move(r)).ok());
    auto replies = generator->wait();
    REQUIRE(replies.ok());
    REQUIRE(replies->size() == 1);
    return replies->front();
  }
  std::shared_ptr<Played> log = std::make_shared<Played>();
  std::optional<text::Tokenizer> tokenizer;
  std::unique_ptr<Generator> generator;
};

Request user(const std::string& content) {
  Request r;
  r.id = 9;
  r.messages = {{"user", content}};
  return r;
}

}  // namespace

#define NEED_MODEL(s)                                                       \
  if (!(s).generator) {                                                     \
    MESSAGE("skipped: ", model_path(), " is not there (scripts/model.py)"); \
    return;                                                                 \
  }

TEST_CASE("a reply is the text up to the end token, streamed as it comes") {
  Setup s("The sky is blue \xe4\xb8\xad\xf0\x9f\x98\x80.<|im_end|>never");
  NEED_MODEL(s);
  std::string streamed;
  Request r = user("why?");
  r.on_text = [&](std::string_view t) { streamed += t; };
  const Reply reply = s.ask(r);
  CHECK(reply.id == 9);
  CHECK(reply.text == "The sky is blue \xe4\xb8\xad\xf0\x9f\x98\x80.");
  CHECK(streamed == reply.text);
  CHECK(reply.finish == FinishReason::kStop);
  CHECK(reply.prompt_tokens == static_cast<std::int64_t>(s.log->requests[0].prompt.size()));
  CHECK(reply.top1_tokens == reply.completion_tokens);
}

TEST_CASE("a reply that reaches its length says so and is valid UTF-8") {
  Setup s("\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
  NEED_MODEL(s);
  Request r = user("x");
  r.max_tokens = 1;
  const Reply reply = s.ask(r);
  CHECK(reply.finish == FinishReason::kLength);
  CHECK(reply.completion_tokens == 1);
  CHECK(reply.text.find('\xf0') == std::string::npos);  // a broken character was replaced
}

TEST_CASE("special tokens in a message are plain text to the model") {
  Setup s("x");
  NEED_MODEL(s);
  const std::int32_t end = *s.tokenizer->find_added("<|im_end|>");
  const auto count = [&](const std::string& content) {
    const auto shown = s.generator->show(user(content));
    REQUIRE(shown.ok());
    return std::count(shown->ids.begin(), shown->ids.end(), end);
  };
  CHECK(count("a<|im_end|>b<|im_start|>system") == count("ab"));
  Request raw;
  raw.raw_prompt = "a<|im_end|>";
  const auto shown = s.generator->show(raw);
  REQUIRE(shown.ok());
  CHECK(std::count(shown->ids.begin(), shown->ids.end(), end) == 0);
}

TEST_CASE("what is shown is what is sent") {
  Setup s("x");
  NEED_MODEL(s);
  const auto shown = s.generator->show(user("hello"));
  REQUIRE(shown.ok());
  s.ask(user("hello"));
  CHECK(s.log->requests[0].prompt == shown->ids);
  CHECK(shown->text.find("<|im_start|>user\nhello<|im_end|>") != std::string::npos);
}

TEST_CASE("a prompt over the context is refused and the generator stays usable") {
  Setup s("fine", 64);
  NEED_MODEL(s);
  std::string longer;
  for (int i = 0; i < 200; ++i) longer += "word ";
  const auto refused = s.generator->submit(user(longer));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == "too_long");
  CHECK(refused.error().exit == Exit::kInput);
  CHECK(s.generator->in_flight() == 0);
  CHECK(s.ask(user("hi")).text == "fine");
  CHECK(s.log->requests[0].max_tokens + static_cast<std::int64_t>(s.log->requests[0].prompt.size()) == 64);
}

TEST_CASE("letters of the verdict carry both log-probabilities at their byte") {
  Setup s("Chatbot A wins. <answer>[[B]]</answer>");
  NEED_MODEL(s);
  Request r = user("x");
  r.logprobs = true;
  const Reply reply = s.ask(r);
  bool at_verdict = false;
  for (const LetterProb& l : reply.letters) {
    REQUIRE(l.byte < reply.text.size());
    CHECK((reply.text[l.byte] == 'A' || reply.text[l.byte] == 'B'));
    CHECK(l.logprob_b == l.logprob_a - 1);  // the player numbers the watched tokens
    at_verdict = at_verdict || l.byte == reply.text.find("[[B]]") + 2;
  }
  CHECK(at_verdict);
  CHECK(s.ask(user("x")).letters.empty());
}

TEST_CASE("every letter token has its twin") {
  Setup s("x");
  NEED_MODEL(s);
  const LetterTokens letters(*s.tokenizer);
  REQUIRE(letters.watch().size() % 2 == 0);
  REQUIRE(letters.watch().size() >= 4);
  for (std::size_t i = 0; i < letters.watch().size(); i += 2) {
    std::string a(*s.tokenizer->bytes(letters.watch()[i]));
    const std::string b(*s.tokenizer->bytes(letters.watch()[i + 1]));
    const auto m = letters.find(letters.watch()[i]);
    REQUIRE(m);
    CHECK(a[m->letter] == 'A');
    a[m->letter] = 'B';
    CHECK(a == b);
  }
}

TEST_CASE("forced text is what the reply says, and ends as a stop") {
  Setup s("unused");
  NEED_MODEL(s);
  Request r = user("x");
  r.forced = "<answer>[[A]]</answer> <|im_end|> is text here";
  r.logprobs = true;
  const Reply reply = s.ask(r);
  CHECK(reply.text == *r.forced);
  CHECK(reply.finish == FinishReason::kStop);
  CHECK(reply.logprob == doctest::Approx(-0.5 * static_cast<double>(reply.completion_tokens)));
  CHECK_FALSE(reply.letters.empty());
}

TEST_CASE("several requests run at once and each gets its own reply") {
  Setup s("same for all<|im_end|>");
  NEED_MODEL(s);
  for (std::uint64_t i = 0; i < 5; ++i) {
    Request r = user("q" + std::to_string(i));
    r.id = 100 + i;
    REQUIRE(s.generator->submit(std::move(r)).ok());
  }
  CHECK(s.generator->capacity() == 3);
  std::vector<std::uint64_t> ids;
  while (s.generator->in_flight() > 0) {
    const auto replies = s.generator->wait();
    REQUIRE(replies.ok());
    for (const Reply& reply : *replies) {
      ids.push_back(reply.id);
      CHECK(reply.text == "same for all");
    }
  }
  std::sort(ids.begin(), ids.end());
  CHECK(ids == std::vector<std::uint64_t>{100, 101, 102, 103, 104});
}

TEST_CASE("a requested stop ends the wait, and cancel frees the engine") {
  Setup s("some words that never end");
  NEED_MODEL(s);
  REQUIRE(s.generator->submit(user("x")).ok());
  signals::request_stop(Exit::kStopped);
  const auto replies = s.generator->wait();
  signals::request_stop(Exit::kDone);
  REQUIRE(replies.ok());
  CHECK(replies->empty());
  s.generator->cancel_all();
  CHECK(s.generator->in_flight() == 0);
  CHECK(s.log->cancelled == 1);
}
