#include "lib/tune/example.h"

#include <algorithm>

#include "lib/base/number.h"
#include "lib/judge/verdict.h"
#include "lib/records/lesson.h"
#include "lib/text/encode.h"

namespace rm::tune {
namespace {

constexpr std::string_view kOpen = "<think>", kWhite = " \t\r\n";

// The white space behind "<think>" too, as it stands at the end of a prompt that opens a thought; empty where it opens none.
std::string_view opened_thought(const std::vector<text::Segment>& prompt) {
  if (prompt.empty() || !prompt.back().control) return {};
  const std::string_view s = prompt.back().text;
  const std::size_t end = s.find_last_not_of(kWhite) + 1;  // 0 where all is white
  if (!s.substr(0, end).ends_with(kOpen)) return {};
  return s.substr(end - kOpen.size());
}

std::string_view without_opening(std::string_view response, std::string_view opened) {
  if (opened.empty()) return response;
  const std::string_view s = response.substr(std::min(response.find_first_not_of(kWhite), response.size()));
  if (s.starts_with(opened)) return s.substr(opened.size());
  if (s.starts_with(kOpen)) return s.substr(kOpen.size());
  return response;
}

std::optional<text::Id> end_of_turn(const text::Tokenizer& tokenizer, const text::ChatTemplate& chat) {
  for (const std::string& stop : chat.stop_strings()) {
    if (const auto id = tokenizer.find_added(stop)) return id;
  }
  const text::Id eos = tokenizer.vocab().eos;
  return eos >= 0 ? std::optional(eos) : std::nullopt;
}

// How far two encodings of one beginning agree.
std::int64_t shared(const text::Ids& a, const text::Ids& b) {
  const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return at - a.begin();
}

Result<void> check(const Example& e, std::int64_t max_length, std::int64_t vocab) {
  const auto length = static_cast<std::int64_t>(e.ids.size());
  if (max_length > 0 && length > max_length) {
    return make_error(Exit::kInput, "too_long",
                      "the chain has " + format_grouped(e.ids.size()) + " tokens; at most " +
                          format_grouped(static_cast<std::uint64_t>(max_length)) +
                          " are learned (--max-length), and none is cut");
  }
  if (e.targets < 1 || e.targets >= length)
    return make_error(Exit::kInput, "no_targets", "the chain has no token that stands behind another to be learned");
  const auto [least, most] = std::minmax_element(e.ids.begin(), e.ids.end());
  if (*least >= 0 && *most < vocab) return {};
  return make_error(Exit::kModel, "wrong_vocabulary",
                    "the tokenizer has a token " + std::to_string(*most) + " and the model only " +
                        std::to_string(vocab) + ": tokenizer and weights are not of one model");
}

}  // namespace

std::optional<Mask> parse_mask(std::string_view name) {
  if (name == "response") return Mask::kResponse;
  if (name == "header") return Mask::kHeader;
  return std::nullopt;
}

const char* name(Mask m) { return m == Mask::kHeader ? "header" : "response"; }

Result<ChainText> read_chain_text(const json::Value& record, const records::FieldMap& map) {
  RM_ASSIGN(records::Lesson lesson, records::read_lesson(record, map));
  ChainText out{std::move(lesson.messages), std::move(lesson.response), lesson.verdict};
  if (!out.verdict) {
    const judge::Verdict v = judge::read_verdict(out.response, judge::VerdictMode::kStrict);
    if (v.side) out.verdict = *v.side == judge::Side::kA ? 'A' : 'B';
  }
  return out;
}

Result<Example> make_example(const ChainText& chain, const text::Tokenizer& tokenizer, const text::ChatTemplate& chat,
                             Mask mask, std::int64_t max_length, std::int64_t vocab) {
  RM_ASSIGN(const std::vector<text::Segment> prompt, chat.render(chain.messages, true));
  const auto end = end_of_turn(tokenizer, chat);
  if (!end) {
    return make_error(Exit::kModel, "no_end",
                      "neither the chat template nor the tokenizer names a token that ends a turn; describe the "
                      "template in a file and name it with --chat");
  }
  const text::Ids response = text::encode_reply(tokenizer, without_opening(chain.response, opened_thought(prompt)));
  if (response.empty()) return make_error(Exit::kInput, "empty", "the response has no tokens");
  Example e;
  e.ids = text::encode_prompt(tokenizer, prompt).ids;
  e.prompt = e.targets = static_cast<std::int64_t>(e.ids.size());
  if (mask == Mask::kHeader) {
    RM_ASSIGN(const std::vector<text::Segment> turns, chat.render(chain.messages, false));
    e.targets = shared(text::encode_prompt(tokenizer, turns).ids, e.ids);
  }
  e.ids.insert(e.ids.end(), response.begin(), response.end());
  e.ids.push_back(*end);
  e.verdict = chain.verdict;
  RM_TRY(check(e, max_length, vocab));
  return e;
}

}  // namespace rm::tune
