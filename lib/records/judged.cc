#include "lib/records/judged.h"

#include <algorithm>
#include <cstring>

#include "lib/base/escape.h"

namespace rm::records {
namespace {

using json::Scan;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bytes 10xxxxxx, eight at a time.
std::size_t continuation_bytes(std::string_view s) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  std::size_t count = 0, at = 0;
  for (std::uint64_t word = 0; at + 8 <= s.size(); at += 8) {
    std::memcpy(&word, s.data() + at, 8);
    count += ((word >> 7 & ~(word >> 6) & kOnes) * kOnes) >> 56;
  }
  for (; at < s.size(); ++at) count += (static_cast<unsigned char>(s[at]) & 0xC0) == 0x80;
  return count;
}

// Whether a line that begins here is a header or an item of a list.
bool begins_mark(std::string_view raw, std::size_t at) {
  while (at < raw.size() && raw[at] == ' ') ++at;
  std::size_t i = at;
  while (i < raw.size() && raw[i] == '#') ++i;
  if (i > at) return i < raw.size() && raw[i] == ' ';
  if (at < raw.size() && (raw[at] == '-' || raw[at] == '*' || raw[at] == '+'))
    return at + 1 < raw.size() && raw[at + 1] == ' ';
  while (i < raw.size() && is_digit(raw[i])) ++i;
  return i > at && i + 1 < raw.size() && (raw[i] == '.' || raw[i] == ')') && raw[i + 1] == ' ';
}

// The contents of one message.
void add_message(Scan& s, Measure& m) {
  s.enter('{');
  for (std::string_view key; s.member(key);) {
    if ((key == "content" || key == "value") && s.peek() == '"') {
      const Measure part = measure(s.string());
      m.characters += part.characters;
      m.marks += part.marks;
    } else {
      s.skip();
    }
  }
}

// One answer, as a text or a list of messages; or a list of texts, each an answer.
void measure_answers(Scan& s, std::vector<Measure>& out) {
  if (s.peek() == '"') return out.push_back(measure(s.string()));
  if (s.peek() != '[') return s.skip();
  Measure conversation;
  bool messages = false;
  s.enter('[');
  while (s.element()) {
    if (s.peek() == '"') {
      out.push_back(measure(s.string()));
    } else if (s.peek() == '{') {
      messages = true;
      add_message(s, conversation);
    } else {
      s.skip();
    }
  }
  if (messages) out.push_back(conversation);
}

std::optional<Label> label_of(std::string_view winner) {
  if (winner == "A" || winner == "a" || winner == "model_a") return Label::kFirst;
  if (winner == "B" || winner == "b" || winner == "model_b") return Label::kSecond;
  if (winner == "tie") return Label::kTie;
  return std::nullopt;
}

char letter_of(std::string_view text) { return text == "A" ? 'A' : text == "B" ? 'B' : text == "tie" ? 'T' : '\0'; }

Why why_of(std::string_view reason) {
  if (reason == "no_verdict") return Why::kNoVerdict;
  if (reason == "conflict") return Why::kConflict;
  if (reason == "length") return Why::kLength;
  return reason == "ok" ? Why::kOk : Why::kError;
}

std::int64_t whole(Scan& s) { return s.integer().value_or(-1); }

SampleMark sample(Scan& s) {
  SampleMark m;
  s.enter('{');
  int left = 3;
  for (std::string_view key; s.member(key);) {
    if (key == "order") {
      m.swapped = s.string() == "ba";
    } else if (key == "verdict") {
      if (!s.null()) m.letter = letter_of(s.string());
    } else if (key == "reason") {
      m.why = why_of(s.string());
    } else {
      s.skip();
      continue;
    }
    if (--left == 0) return s.leave(), m;
  }
  return m;
}

}  // namespace

Measure measure(std::string_view raw) {
  std::size_t characters = raw.size() - continuation_bytes(raw);
  std::uint32_t marks = begins_mark(raw, 0);
  for (std::size_t at = raw.find('\\'); at < raw.size(); at = raw.find('\\', at)) {
    const char kind = at + 1 < raw.size() ? raw[at + 1] : ' ';
    if (kind == 'n') marks += begins_mark(raw, at + 2);
    if (kind == 'u') {
      // The low half of a surrogate pair adds no character.
      const bool low = at + 3 < raw.size() && (raw[at + 2] | 32) == 'd' && (raw[at + 3] | 32) >= 'c';
      characters -= low ? 6 : 5;
      at += 6;
    } else {
      --characters;
      at += 2;
    }
  }
  std::uint32_t stars = 0;
  for (std::size_t at = raw.find("**"); at != raw.npos; at = raw.find("**", at + 2)) ++stars;
  return {static_cast<std::uint32_t>(std::min<std::size_t>(characters, UINT32_MAX)), marks + stars / 2};
}

std::string_view JudgedReader::text(Scan& s) {
  const std::string_view raw = s.string();
  if (raw.find('\\') == raw.npos) return raw;
  if (used_ == kept_.size()) kept_.emplace_back();
  return kept_[used_++] = json::unescaped(raw);
}

void JudgedReader::bench(Scan& s, BenchTag& b) {
  s.enter('{');
  for (std::string_view key; s.member(key);) {
    if (key == "name") {
      b.name = text(s);
    } else if (key == "subset") {
      b.subset = text(s);
    } else if (key == "item") {
      b.item = text(s);
    } else if (key == "version") {
      b.version = whole(s);
    } else if (key == "cell") {
      b.cell = whole(s);
    } else if (key == "n") {
      b.n = whole(s);
    } else {
      s.skip();
    }
  }
}

void JudgedReader::samples(Scan& s, Judged& out) {
  s.enter('[');
  while (s.element()) out.samples.push_back(sample(s));
}

void JudgedReader::judgment(Scan& s, Judged& out) {
  s.enter('{');
  for (std::string_view key; s.member(key);) {
    if (key == "samples") {
      samples(s, out);
    } else if (key == "ranking" || key == "ratings") {
      (key == "ranking" ? out.is_ranking : out.is_rating) = true;
      s.enter('[');
      while (s.element()) {
        if (key == "ranking") {
          out.ranking.push_back(whole(s));
        } else {
          out.ratings.push_back(s.null() ? std::nullopt : s.number());
        }
      }
    } else if (key == "model") {
      out.model = text(s);
    } else if (s.null()) {
      continue;
    } else if (key == "verdict") {
      out.verdict = letter_of(s.string());
    } else if (key == "correct") {
      out.correct = s.boolean();
    } else if (key == "confidence") {
      out.confidence = s.number();
    } else if (key == "consistent") {
      out.consistent = s.boolean();
    } else {
      s.skip();
    }
  }
}

Result<void> JudgedReader::read(std::string_view line, Judged& out) {
  used_ = 0;
  auto ratings = std::move(out.ratings);
  auto ranking = std::move(out.ranking);
  auto marks = std::move(out.samples);
  auto first = std::move(out.first), second = std::move(out.second);
  ratings.clear(), ranking.clear(), marks.clear(), first.clear(), second.clear();
  out = Judged();
  out.ratings = std::move(ratings), out.ranking = std::move(ranking), out.samples = std::move(marks);
  out.first = std::move(first), out.second = std::move(second);

  Scan s(line);
  std::string_view last;
  bool pair = false;
  s.enter('{');
  for (std::string_view key; s.member(key);) {
    last = key;
    if (key == "bench" && s.peek() == '{') {
      if (out.has_bench) break;
      out.has_bench = true;
      bench(s, out.bench);
    } else if (key == "judgment" && s.peek() == '{') {
      if (out.has_judgment) break;
      out.has_judgment = true;
      judgment(s, out);
    } else if (key == "chosen" || key == "answer_a" || key == "response_a") {
      pair |= key == "chosen";
      measure_answers(s, out.first);
    } else if (key == "rejected" || key == "answer_b" || key == "response_b") {
      measure_answers(s, out.second);
    } else if (key == "winner" && s.peek() == '"') {
      out.label = label_of(s.string());
    } else if (key == "error" && s.peek() == '{') {
      out.failed = true;
      s.enter('{');
      for (std::string_view name; s.member(name);) name == "code" ? (void)(out.error_code = s.string()) : s.skip();
    } else {
      s.skip();
    }
  }
  if (pair) out.label = Label::kFirst;
  if (s.ok() && s.end()) return {};
  return make_error(Exit::kInput, "bad_json",
                    "no record that rm-judge wrote: \"" + escape_text(last, 40) + "\" cannot be read (byte " +
                        std::to_string(s.at()) + ")");
}

}  // namespace rm::records
