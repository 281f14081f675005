#include "lib/records/judged.h"

#include <algorithm>
#include <cstring>

#include "lib/base/escape.h"
#include "lib/base/hash.h"

namespace rm::records {
namespace {

using json::Scan;

// Whether a key is this word, by loads of fixed sizes: records are mostly keys, and a call for each costs more than the rest.
template <class T>
bool same(const char* a, const char* b) {
  T x, y;
  std::memcpy(&x, a, sizeof x);
  std::memcpy(&y, b, sizeof y);
  return x == y;
}
template <std::size_t N>
bool is(std::string_view key, const char (&word)[N]) {
  constexpr std::size_t kSize = N - 1;
  static_assert(kSize >= 1 && kSize <= 16);
  if (key.size() != kSize) return false;
  const char* k = key.data();
  if constexpr (kSize >= 8) return same<std::uint64_t>(k, word) && same<std::uint64_t>(k + kSize - 8, word + kSize - 8);
  if constexpr (kSize >= 4) return same<std::uint32_t>(k, word) && same<std::uint32_t>(k + kSize - 4, word + kSize - 4);
  if constexpr (kSize >= 2) return same<std::uint16_t>(k, word) && same<std::uint16_t>(k + kSize - 2, word + kSize - 2);
  return *k == *word;
}

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
    if ((is(key, "content") || is(key, "value")) && s.peek() == '"') {
      const Measure part = measure(s.string());
      m.characters += part.characters;
      m.marks += part.marks;
    } else {
      s.skip();
    }
  }
}

void add_answer(const Measure& m, std::uint32_t& count, Measure& first, std::vector<Measure>& more) {
  count++ == 0 ? (void)(first = m) : more.push_back(m);
}

// One answer, as a text or a list of messages; or a list of texts, each an answer.
void measure_answers(Scan& s, std::uint32_t& count, Measure& first, std::vector<Measure>& more) {
  count = 0;
  more.clear();
  if (s.peek() == '"') return add_answer(measure(s.string()), count, first, more);
  if (s.peek() != '[') return s.skip();
  Measure conversation;
  bool messages = false;
  s.enter('[');
  while (s.element()) {
    if (s.peek() == '"') {
      add_answer(measure(s.string()), count, first, more);
    } else if (s.peek() == '{') {
      messages = true;
      add_message(s, conversation);
    } else {
      s.skip();
    }
  }
  if (messages) add_answer(conversation, count, first, more);
}

std::optional<Label> label_of(std::string_view winner) {
  if (is(winner, "A") || is(winner, "a") || is(winner, "model_a")) return Label::kFirst;
  if (is(winner, "B") || is(winner, "b") || is(winner, "model_b")) return Label::kSecond;
  if (is(winner, "tie")) return Label::kTie;
  return std::nullopt;
}

char letter_of(std::string_view text) {
  return is(text, "A") ? 'A' : is(text, "B") ? 'B' : is(text, "tie") ? 'T' : '\0';
}

std::int32_t whole(Scan& s) {
  const auto v = s.integer();
  return v && *v <= INT32_MAX ? static_cast<std::int32_t>(*v) : -1;
}

void count_sample(Scan& s, SampleCounts& c) {
  ++c.all;
  s.enter('{');
  int left = 3;
  for (std::string_view key; s.member(key);) {
    if (is(key, "order")) {
      c.swapped += is(s.string(), "ba");
    } else if (is(key, "verdict")) {
      if (!s.null()) {
        const char letter = letter_of(s.string());
        c.letters += letter != 0;
        c.letter_a += letter == 'A';
      }
    } else if (is(key, "reason")) {
      const std::string_view reason = s.string();
      c.cut += is(reason, "length");
      c.conflicts += is(reason, "conflict");
    } else {
      s.skip();
      continue;
    }
    if (--left == 0) return s.leave();
  }
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
    if (is(key, "name")) {
      b.name = text(s);
    } else if (is(key, "subset")) {
      b.subset = text(s);
    } else if (is(key, "item")) {
      b.item = text(s);
    } else if (is(key, "version")) {
      b.version = whole(s);
    } else if (is(key, "cell")) {
      b.cell = whole(s);
    } else if (is(key, "n")) {
      b.n = whole(s);
    } else {
      s.skip();
    }
  }
}

void JudgedReader::samples(Scan& s, Judged& out) {
  s.enter('[');
  while (s.element()) count_sample(s, out.samples);
}

void JudgedReader::judgment(Scan& s, Judged& out) {
  s.enter('{');
  for (std::string_view key; s.member(key);) {
    if (is(key, "samples")) {
      samples(s, out);
    } else if (is(key, "ranking")) {
      out.is_ranking = true;
      s.skip();
    } else if (is(key, "ratings")) {
      out.is_rating = true;
      s.enter('[');
      while (s.element()) out.ratings.push_back(s.null() ? std::nullopt : s.number());
    } else if (is(key, "model")) {
      out.model = text(s);
    } else if (s.null()) {
      continue;
    } else if (is(key, "verdict")) {
      out.verdict = letter_of(s.string());
    } else if (is(key, "correct")) {
      out.correct = s.boolean();
    } else if (is(key, "confidence")) {
      out.confidence = static_cast<float>(s.number().value_or(-1));
    } else if (is(key, "consistent")) {
      out.consistent = s.boolean();
    } else {
      s.skip();
    }
  }
}

Result<std::size_t> JudgedReader::read(std::string_view text, Judged& out) {
  auto ratings = std::move(out.ratings);
  auto first = std::move(out.more_first), second = std::move(out.more_second);
  ratings.clear(), first.clear(), second.clear();
  out = Judged();
  out.ratings = std::move(ratings);
  out.more_first = std::move(first), out.more_second = std::move(second);

  Scan s(text);
  std::string_view last;
  bool pair = false;
  s.enter('{');
  for (std::string_view key; s.member(key);) {
    last = key;
    if (is(key, "bench") && s.peek() == '{') {
      if (out.has_bench) break;
      out.has_bench = true;
      bench(s, out.bench);
    } else if (is(key, "judgment") && s.peek() == '{') {
      if (out.has_judgment) break;
      out.has_judgment = true;
      judgment(s, out);
    } else if (is(key, "chosen") || is(key, "answer_a") || is(key, "response_a")) {
      pair |= is(key, "chosen");
      measure_answers(s, out.firsts, out.first, out.more_first);
    } else if (is(key, "rejected") || is(key, "answer_b") || is(key, "response_b")) {
      measure_answers(s, out.seconds, out.second, out.more_second);
    } else if (is(key, "winner") && s.peek() == '"') {
      out.label = label_of(s.string());
    } else if (is(key, "error") && s.peek() == '{') {
      out.failed = true;
      s.skip();
    } else {
      s.skip();
    }
  }
  if (pair) out.label = Label::kFirst;
  if (out.has_bench) out.item_key = hash64(out.bench.item, hash64(out.bench.subset));
  if (s.ok() && s.end()) return s.at();
  return make_error(Exit::kInput, "bad_json",
                    "no record that rm-judge wrote: \"" + escape_text(last, 40) + "\" cannot be read (byte " +
                        std::to_string(s.at()) + ")");
}

}  // namespace rm::records
