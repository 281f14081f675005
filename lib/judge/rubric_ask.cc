#include "lib/judge/rubric_ask.h"

#include <utility>

#include "lib/base/hash.h"
#include "lib/base/rng.h"
#include "lib/judge/rubric_wording.h"
#include "lib/records/candidates.h"
#include "lib/rubric/rubric.h"

namespace rm::judge {
namespace {

using text::Message;

constexpr std::uint64_t kAskStream = 0x727562726963;  // "rubric": keeps its seeds apart from the judge's

// What is asked about.
struct Subject {
  std::vector<Message> prompt;
  std::optional<records::Pair> pair;

  static Result<Subject> read(const json::Value& record, const records::FieldMap& map) {
    Result<records::Pair> pair = records::read_pair(record, map);
    if (pair && pair->rendered) {
      return make_error(Exit::kInput, "rendered_rubric",
                        "the record holds a rendered prompt; a rubric is made for a question or a pair");
    }
    if (pair) return Subject{pair->prompt, *std::move(pair)};
    // Not a pair: a question alone, or with several answers, which play no part.
    if (pair.error().reason != "no_shape" && !records::is_ranking(record, map)) return pair.error();
    Subject s;
    RM_ASSIGN(s.prompt, records::read_question(record, map));
    return s;
  }
};

// One turn as it is; several as lines that say who speaks.
std::string turns_text(const std::vector<Message>& turns) {
  if (turns.size() == 1) return turns.front().content;
  std::string out;
  for (const Message& m : turns) {
    if (!out.empty()) out += '\n';
    out += (m.role == "assistant" ? "Chatbot: " : m.role == "system" ? "System: " : "Client: ") + m.content;
  }
  return out;
}

std::string block(const std::string& what, const std::vector<Message>& turns) {
  return "\n\n[" + what + " begins]\n" + turns_text(turns) + "\n[" + what + " ends]";
}

std::string material(const Subject& s, bool swapped, bool contrast) {
  std::string out = "[Question of the client]\n" + turns_text(s.prompt);
  if (!s.pair) return out;
  const auto& answers = s.pair->answer;
  if (contrast) {
    const std::size_t better = *s.pair->label == records::Label::kFirst ? 0 : 1;
    return out + block("Better answer", answers[better]) + block("Worse answer", answers[1 - better]);
  }
  return out + block("Answer of chatbot A", answers[swapped ? 1 : 0]) +
         block("Answer of chatbot B", answers[swapped ? 0 : 1]);
}

}  // namespace

Result<std::unique_ptr<RubricTask>> RubricTask::make(const json::Value& record, const records::FieldMap& map,
                                                     const Settings& s, bool contrast) {
  RM_ASSIGN(Subject subject, Subject::read(record, map));
  const std::optional<records::Pair>& pair = subject.pair;
  if (contrast && (!pair || !pair->label || *pair->label == records::Label::kTie)) {
    return make_error(Exit::kInput, "no_label",
                      "--contrast needs a pair of which one answer is known to be better; the record says of none");
  }
  const std::string frame = ask_wording(pair.has_value(), contrast);
  const std::string shown = material(subject, pair && swapped_order(*pair, s), contrast);
  generate::Request r;
  if (s.form == Form::kPlain) {
    r.messages = {{"user", frame + "\n\n" + shown}};
  } else {
    r.messages = {{"system", frame}, {"user", shown}};
  }
  r.temperature = s.temperature;
  r.top_p = s.top_p;
  r.max_tokens = s.max_tokens;
  r.seed = derive_seed(s.seed, hash64(shown), kAskStream);
  records::RubricSource from;
  from.model = s.model;
  from.prompt_id =
      std::string(contrast ? "contrast-" : "rubric-") + name(s.form) + "-" + hex64(hash64(frame)).substr(0, 12);
  from.seed = s.seed;
  return std::unique_ptr<RubricTask>(new RubricTask(std::move(r), std::move(from)));
}

std::vector<generate::Request> RubricTask::next() {
  std::vector<generate::Request> out;
  if (request_) out.push_back(*std::exchange(request_, std::nullopt));
  return out;
}

void RubricTask::take(generate::Reply reply) {
  if (reply.error || reply.finish == generate::FinishReason::kError ||
      reply.finish == generate::FinishReason::kCancelled) {
    failed = reply.error.value_or(make_error(Exit::kInput, "cancelled", "the request was given up"));
    return;
  }
  from_.text = std::move(reply.text);
  from_.reasoning = std::move(reply.reasoning);
  from_.finish_reason = generate::name(reply.finish);
  from_.prompt_tokens = reply.prompt_tokens;
  from_.completion_tokens = reply.completion_tokens;
  rubric_ = rubric::read_rubric(from_.text);
}

void RubricTask::name_model(const std::string& name) {
  if (from_.model.empty()) from_.model = name;
}

}  // namespace rm::judge
