#include "lib/distill/mix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "lib/base/escape.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/records/splice.h"
#include "lib/records/turns.h"

namespace rm::distill {
namespace {

constexpr std::uint64_t kLast = std::uint64_t{1} << 63;  // keys of failures; those of pairs are below

// What waits in the spill: this, then the record up to the answers, the better answer, the worse one.
struct Stored {
  std::uint64_t line, prompt;
  std::uint32_t source, head, better, worse;
};
constexpr std::uint32_t kFailure = 0xFFFFFFFF;  // as source: what follows is the line itself

void add_turns(ContentHash& h, const std::vector<records::Message>& turns) {
  h.add(static_cast<std::uint64_t>(turns.size()));
  for (const records::Message& m : turns) h.add(m.role).add(m.content);
}

// A number in [0, 1) of a hash.
double fraction(std::uint64_t h) { return static_cast<double>(h >> 11) * 0x1p-53; }

void put_header(std::string& out, const Stored& s) {
  out.resize(sizeof s);
  std::memcpy(out.data(), &s, sizeof s);
}

}  // namespace

Mix::Mix(const MixRules& rules, Contamination* benchmarks, std::size_t memory)
    : rules_(rules),
      benchmarks_(benchmarks),
      kept_(memory),
      counts_(rules.sources.size()),
      matched_(rules.exclude.size()),
      contaminated_(benchmarks == nullptr ? 0 : benchmarks->files().size()) {}

std::uint64_t Mix::contaminated(std::size_t file) const { return contaminated_[file]; }

Result<void> Mix::take(std::size_t source, const records::Line& line, const json::Value& record,
                       std::optional<Contamination::Hit>& hit) {
  hit.reset();
  SourceCounts& c = counts_[source];
  ++c.seen;
  for (std::size_t i = 0; i < rules_.exclude.size(); ++i) {
    if (!rules_.exclude[i].holds(record)) continue;
    ++matched_[i];
    ++c.excluded;
    return {};
  }
  auto pair = records::read_labelled(record, rules_.map);
  if (!pair) {
    ++c.failed;
    return pair.error();
  }
  ContentHash h;
  add_turns(h, pair->prompt);
  const std::uint64_t prompt = h.digest();
  add_turns(h, pair->better);
  add_turns(h, pair->worse);
  if (rules_.dedup != Dedup::kNone && !seen_.insert(rules_.dedup == Dedup::kPrompt ? prompt : h.digest())) {
    ++c.duplicates;
    return {};
  }
  if (benchmarks_ != nullptr && (hit = benchmarks_->find(pair->prompt))) {
    ++c.contaminated;
    ++contaminated_[hit->file];
    return {};
  }
  return keep(source, line, *pair, prompt, h.digest());
}

Result<void> Mix::keep(std::size_t source, const records::Line& line, const records::Labelled& pair,
                       std::uint64_t prompt, std::uint64_t content) {
  ++counts_[source].kept;
  std::array<records::Field, 1> field{records::Field{"prompt", {}}};
  records::append_turns(field[0].json, pair.prompt, "user");
  std::string head = records::splice(line.text, field, pair.fields);
  head.pop_back();  // the closing brace: the answers follow
  Stored s{line.number, prompt, static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(head.size()), 0, 0};
  put_header(stored_, s);
  stored_ += head;
  std::size_t before = stored_.size();
  records::append_turns(stored_, pair.better, "assistant");
  s.better = static_cast<std::uint32_t>(stored_.size() - before);
  before = stored_.size();
  records::append_turns(stored_, pair.worse, "assistant");
  s.worse = static_cast<std::uint32_t>(stored_.size() - before);
  std::memcpy(stored_.data(), &s, sizeof s);
  return kept_.add(ContentHash().add(rules_.seed).add(content).digest() >> 1, stored_);
}

Result<void> Mix::keep_failure(std::string_view line) {
  put_header(stored_, {0, 0, kFailure, 0, 0, 0});
  stored_ += line;
  return kept_.add(kLast + failures_++, stored_);
}

// How many of each source stay: caps first, then as many as the scarcest source allows at the given proportions.
Result<std::vector<std::uint64_t>> Mix::quotas() const {
  std::vector<std::uint64_t> out;
  bool weighted = false;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const SourceRules& s = rules_.sources[i];
    out.push_back(std::min(counts_[i].kept, s.cap.value_or(std::numeric_limits<std::uint64_t>::max())));
    weighted = weighted || s.weight;
  }
  if (!weighted) return out;
  double scale = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0) {
      return make_error(Exit::kInput, "empty",
                        "no pair of this source is left, so the weights cannot be met; leave it or --weight out",
                        escape_text(rules_.sources[i].file));
    }
    scale = std::min(scale, static_cast<double>(out[i]) / rules_.sources[i].weight.value_or(1));
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double most = std::floor(scale * rules_.sources[i].weight.value_or(1) + 1e-9);
    out[i] = std::min(out[i], static_cast<std::uint64_t>(most));
  }
  return out;
}

Result<void> Mix::write(const Put& put) {
  RM_ASSIGN(std::vector<std::uint64_t> left, quotas());
  for (std::size_t i = 0; i < left.size(); ++i) {
    counts_[i].capped = counts_[i].kept - left[i];
    counts_[i].kept = left[i];
  }
  return kept_.each([&](std::string_view stored) { return write_pair(stored, left, put); });
}

Result<void> Mix::write_pair(std::string_view stored, std::vector<std::uint64_t>& left, const Put& put) {
  Stored s{};
  std::memcpy(&s, stored.data(), sizeof s);
  stored.remove_prefix(sizeof s);
  if (s.source == kFailure) return put(false, stored);
  if (left[s.source] == 0) return {};
  --left[s.source];
  const bool rest =
      rules_.split && fraction(ContentHash().add("split").add(rules_.seed).add(s.prompt).digest()) >= *rules_.split;
  OutputCounts& c = outputs_[rest ? 1 : 0];
  const bool b = (c.pairs++ % 2 == 1) != rest;
  ++(b ? c.b : c.a);
  const std::string_view better = stored.substr(s.head, s.better), worse = stored.substr(s.head + s.better);
  out_.assign(stored.substr(0, s.head));
  out_.append(",\"answer_a\":").append(b ? worse : better).append(",\"answer_b\":").append(b ? better : worse);
  out_.append(b ? ",\"winner\":\"B\"" : ",\"winner\":\"A\"").append(",\"mix\":{\"source\":");
  json::append_string(out_, rules_.sources[s.source].name);
  out_.append(",\"line\":").append(std::to_string(s.line)).append("}}");
  return put(rest, out_);
}

}  // namespace rm::distill
