#include "lib/generate/local.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/base/signals.h"
#include "lib/generate/letters.h"
#include "lib/text/chat.h"
#include "lib/text/encode.h"
#include "lib/weightfile/weight_file.h"

namespace rm::generate {
namespace {

constexpr std::int64_t kDefaultReply = 8192;
constexpr int kDefaultBatch = 32;

// A reply being written.
struct Running {
  Running(const text::Tokenizer& t, Request r) : request(std::move(r)), decoder(t) {}
  Request request;
  Reply reply;
  text::StreamDecoder decoder;
};

class Local final : public Generator {
 public:
  Local(LocalOptions o, text::Tokenizer tokenizer, text::ChatTemplate chat, const weightfile::ModelConfig& config,
        std::unique_ptr<TokenEngine> engine)
      : o_(std::move(o)), tokenizer_(std::move(tokenizer)), chat_(std::move(chat)), engine_(std::move(engine)) {
    context_ = config.context;
    if (o_.engine.context > 0) context_ = std::min(context_, o_.engine.context);
    stops_ = stop_tokens(config, tokenizer_, chat_);
  }

  std::string model_name() const override { return model_label(o_.engine); }
  std::size_t capacity() const override {
    if (engine_) return static_cast<std::size_t>(std::max(1, engine_->info().batch));
    return static_cast<std::size_t>(o_.engine.batch > 0 ? o_.engine.batch : kDefaultBatch);
  }
  std::int64_t context() const override { return engine_ ? engine_->info().context : context_; }
  bool reasoning_model() const override { return chat_.reasoning_model(); }
  std::size_t in_flight() const override { return running_.size(); }

  Result<void> submit(Request r) override;
  Result<std::vector<Reply>> wait() override;
  void nudge() override { nudged_ = true; }
  void cancel(std::uint64_t id) override;
  void cancel_all() override;
  Result<Tokenized> show(const Request& r) const override { return render(r); }

 private:
  Result<Tokenized> render(const Request& r) const;
  void take(const TokenEvent& e, std::vector<Reply>& done);
  void append(Running& run, const TokenEvent& e);
  static void emit(Running& run, const std::string& text);

  LocalOptions o_;
  text::Tokenizer tokenizer_;
  text::ChatTemplate chat_;
  std::unique_ptr<TokenEngine> engine_;
  std::int64_t context_ = 0;
  text::Ids stops_;
  std::optional<LetterTokens> letters_;
  std::unordered_map<SequenceId, std::unique_ptr<Running>> running_;
  SequenceId next_ = 1;
  std::atomic<bool> nudged_{false};
};

Result<Tokenized> Local::render(const Request& r) const {
  std::vector<text::Segment> segments;
  if (r.raw_prompt.empty()) {
    RM_ASSIGN(segments, chat_.render(r.messages, true));
  } else {
    segments.push_back({false, r.raw_prompt});
  }
  Tokenized out;
  for (const text::Segment& s : segments) out.text += s.text;
  text::PromptIds encoded = text::encode_prompt(tokenizer_, segments);
  out.ids = std::move(encoded.ids);
  if (encoded.bos_added) {
    if (const auto bos = tokenizer_.bytes(tokenizer_.vocab().bos, true)) out.text.insert(0, *bos);
  }
  return out;
}

Result<void> Local::submit(Request r) {
  RM_ASSIGN(Tokenized prompt, render(r));
  if (!r.prefill.empty()) {
    const text::Ids begun = text::encode_reply(tokenizer_, r.prefill);
    prompt.ids.insert(prompt.ids.end(), begun.begin(), begun.end());
  }
  if (!engine_) {
    RM_ASSIGN(engine_, open_engine(o_.engine));
    if (engine_->info().vocab < static_cast<std::int64_t>(tokenizer_.size())) {
      return make_error(Exit::kModel, "vocab_mismatch",
                        "the tokenizer has " + std::to_string(tokenizer_.size()) + " tokens but the model only " +
                            std::to_string(engine_->info().vocab) + ": tokenizer and weights are not of one model",
                        o_.engine.model);
    }
  }
  const auto tokens = static_cast<std::int64_t>(prompt.ids.size());
  const std::int64_t left = context() - tokens;
  if (tokens == 0) return make_error(Exit::kInput, "empty", "the prompt has no tokens");
  if (left < 1) {
    return make_error(Exit::kInput, "too_long",
                      "the prompt has " + std::to_string(tokens) + " tokens; the context holds " +
                          std::to_string(context()) + " with the reply (--context, or a model with a longer one)");
  }
  TokenRequest t;
  t.id = next_++;
  t.prompt = std::move(prompt.ids);
  t.max_tokens = r.max_tokens > 0 ? r.max_tokens : std::min(kDefaultReply, left);
  t.temperature = r.temperature;
  t.top_p = r.top_p;
  t.seed = r.seed;
  t.stop = stops_;
  if (r.logprobs) {
    if (!letters_) letters_.emplace(tokenizer_);
    t.watch = letters_->watch();
  }
  if (r.forced) {
    t.forced = text::encode_reply(tokenizer_, *r.forced);
    if (t.forced.empty()) return make_error(Exit::kInput, "empty", "the forced reply has no tokens");
    t.max_tokens = static_cast<std::int64_t>(t.forced.size());
  }
  auto run = std::make_unique<Running>(tokenizer_, std::move(r));
  run->reply.id = run->request.id;
  run->reply.prompt_tokens = tokens;
  run->reply.text = run->request.prefill;
  const SequenceId id = t.id;
  RM_TRY(engine_->submit(std::move(t)));
  running_.emplace(id, std::move(run));
  return {};
}

void Local::emit(Running& run, const std::string& text) {
  if (text.empty()) return;
  run.reply.text += text;
  if (run.request.on_text) run.request.on_text(text);
}

void Local::append(Running& run, const TokenEvent& e) {
  Reply& reply = run.reply;
  ++reply.completion_tokens;
  if (e.token == e.argmax) ++reply.top1_tokens;
  reply.logprob += e.logprob;
  emit(run, run.decoder.push(e.token));
  if (!run.request.logprobs || !letters_) return;
  const auto m = letters_->find(e.token);
  // A letter token is ASCII, so pushing it leaves nothing held back and the text ends in it.
  if (!m || 2 * m->pair + 1 >= e.watched.size() || reply.text.size() < m->token_bytes) return;
  reply.letters.push_back(
      {reply.text.size() - m->token_bytes + m->letter, e.watched[2 * m->pair], e.watched[2 * m->pair + 1]});
}

void Local::take(const TokenEvent& e, std::vector<Reply>& done) {
  const auto it = running_.find(e.id);
  if (it == running_.end()) return;
  Running& run = *it->second;
  if (e.token >= 0) append(run, e);
  if (!e.finish) return;
  emit(run, run.decoder.finish());
  const Finish f = *e.finish;
  run.reply.finish = f == Finish::kStop     ? FinishReason::kStop
                     : f == Finish::kLength ? FinishReason::kLength
                                            : FinishReason::kCancelled;
  // Teacher forcing ends where the given text ends, which is no cut.
  if (run.request.forced && f == Finish::kLength) run.reply.finish = FinishReason::kStop;
  done.push_back(std::move(run.reply));
  running_.erase(it);
}

Result<std::vector<Reply>> Local::wait() {
  std::vector<Reply> done;
  while (done.empty() && !running_.empty() && !nudged_.exchange(false) && !signals::stop_requested()) {
    RM_ASSIGN(const std::vector<TokenEvent> events, engine_->step());
    if (events.empty() && engine_->alive() == 0) {
      return make_error(Exit::kBug, "engine", "the engine lost " + std::to_string(running_.size()) + " sequences");
    }
    for (const TokenEvent& e : events) take(e, done);
  }
  return done;
}

void Local::cancel(std::uint64_t id) {
  const auto it = std::ranges::find_if(running_, [id](const auto& entry) { return entry.second->request.id == id; });
  if (it == running_.end()) return;
  (void)engine_->cancel(it->first);  // what the engine still says of it belongs to nobody
  running_.erase(it);
}

void Local::cancel_all() {
  for (const auto& entry : running_) (void)engine_->cancel(entry.first);
  // One step lets the engine say so and free the pages; what it still reports belongs to nobody.
  running_.clear();
  if (engine_ && engine_->alive() > 0) (void)engine_->step();
}

Result<std::unique_ptr<Generator>> make(const LocalOptions& o, std::unique_ptr<TokenEngine> engine) {
  RM_ASSIGN(const std::unique_ptr<weightfile::WeightFile> file, weightfile::WeightFile::open(o.engine.model));
  RM_ASSIGN(weightfile::TextSource source, file->text());
  RM_ASSIGN(text::ChatTemplate chat, open_template(o.chat_file, source));
  RM_ASSIGN(text::Tokenizer tokenizer, text::Tokenizer::make(std::move(source.vocab)));
  return std::unique_ptr<Generator>(
      std::make_unique<Local>(o, std::move(tokenizer), std::move(chat), file->config(), std::move(engine)));
}

}  // namespace

Result<text::ChatTemplate> open_template(const std::string& chat_file, const weightfile::TextSource& source) {
  if (chat_file.empty()) return text::ChatTemplate::recognise(source.chat_template, source.bos_text);
  RM_ASSIGN(const std::string file, fd::read_file(chat_file, limits::kConfigBytes, Exit::kUsage));
  auto chat = text::ChatTemplate::from_json(file);
  if (chat) return chat;
  Error e = chat.error();
  e.exit = Exit::kModel;
  e.where = e.where.empty() ? chat_file : chat_file + ":" + e.where;
  return e;
}

text::Ids stop_tokens(const weightfile::ModelConfig& config, const text::Tokenizer& tokenizer,
                      const text::ChatTemplate& chat) {
  text::Ids stops = config.eos;
  if (tokenizer.vocab().eos >= 0) stops.push_back(tokenizer.vocab().eos);
  for (const std::string& s : chat.stop_strings()) {
    if (const auto id = tokenizer.find_added(s)) stops.push_back(*id);
  }
  std::sort(stops.begin(), stops.end());
  stops.erase(std::unique(stops.begin(), stops.end()), stops.end());
  return stops;
}

Result<std::unique_ptr<Generator>> open_local(const LocalOptions& o) { return make(o, nullptr); }

Result<std::unique_ptr<Generator>> open_local(const LocalOptions& o, std::unique_ptr<TokenEngine> engine) {
  return make(o, std::move(engine));
}

}  // namespace rm::generate
