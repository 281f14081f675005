#include "lib/text/encode.h"

#include <string>
#include <vector>

namespace rm::text {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

// Where an added token that models write stands next.
struct Mark {
  std::string_view token;
  std::size_t at = 0;
};

std::vector<Mark> marks_of(const Vocab& v, std::string_view text) {
  std::vector<Mark> out;
  for (const AddedToken& a : v.added) {
    if (a.special || a.text.empty()) continue;
    if (const std::size_t at = text.find(a.text); at != kNowhere) out.push_back({a.text, at});
  }
  return out;
}

// The first of them from `from` on, the longest where two begin together; those behind are looked for again.
Mark next_mark(std::vector<Mark>& marks, std::string_view text, std::size_t from) {
  Mark best{{}, kNowhere};
  for (Mark& m : marks) {
    if (m.at != kNowhere && m.at < from) m.at = text.find(m.token, from);
    if (m.at < best.at || (m.at == best.at && m.token.size() > best.token.size())) best = m;
  }
  return best;
}

}  // namespace

PromptIds encode_prompt(const Tokenizer& t, std::span<const Segment> segments) {
  PromptIds out{t.encode(segments)};
  const Vocab& v = t.vocab();
  out.bos_added = v.add_bos && v.bos >= 0 && (out.ids.empty() || out.ids.front() != v.bos);
  if (out.bos_added) out.ids.insert(out.ids.begin(), v.bos);
  return out;
}

Ids encode_reply(const Tokenizer& t, std::string_view text) {
  std::vector<Mark> marks = marks_of(t.vocab(), text);
  std::vector<Segment> segments;
  std::size_t from = 0;
  while (from < text.size()) {
    const Mark m = next_mark(marks, text, from);
    if (m.at == kNowhere) break;
    if (m.at > from) segments.push_back({false, std::string(text.substr(from, m.at - from))});
    segments.push_back({true, std::string(m.token)});
    from = m.at + m.token.size();
  }
  if (from < text.size()) segments.push_back({false, std::string(text.substr(from))});
  return t.encode(segments);
}

}  // namespace rm::text
