#include "lib/report/browse.h"

#include <algorithm>
#include <cmath>

#include "lib/base/base64.h"
#include "lib/base/deflate.h"
#include "lib/records/candidates.h"
#include "lib/records/failure.h"
#include "lib/records/judgment.h"
#include "lib/rubric/rubric.h"
#include "lib/text/utf8.h"

namespace rm::report {
namespace {

using records::Judgment;
using records::Message;

constexpr std::size_t kPieceBytes = 128u << 10;
constexpr int kLevel = 5;
constexpr std::size_t kTitle = 140;
constexpr std::uint64_t kNoItem = 0x9E3779B97F4A7C15;

std::string script(const std::string& id, std::string_view bytes) {
  std::string out = "<script type=\"text/plain\" id=\"" + id + "\">";
  append_base64(out, bytes);
  return out + "</script>";
}

void write_turns(json::Writer& w, const std::vector<Message>& turns) {
  w.begin_array();
  for (const Message& m : turns)
    w.begin_array().value(std::string_view(m.role)).value(std::string_view(m.content)).end_array();
  w.end_array();
}

// The beginning of the last question in one line.
std::string title_of(const std::vector<Message>& prompt) {
  std::string out;
  for (auto m = prompt.rbegin(); m != prompt.rend(); ++m) {
    if (m->role != "user" && m + 1 != prompt.rend()) continue;
    for (const char c : text::first_code_points(m->content, 4 * kTitle)) {
      const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
      if (!blank) out += c;
      if (blank && !out.empty() && out.back() != ' ') out += ' ';
    }
    break;
  }
  return std::string(text::first_code_points(out, kTitle));
}

struct Shown {
  std::vector<Message> prompt;
  std::vector<std::vector<Message>> answers;
  std::size_t right = 0;  // at the front; with `label` of a pair the place is in `better`
  std::string better;     // "0", "1", "tie" or empty
};

Result<Shown> read_shown(const json::Value& record, const records::FieldMap& map, bool rated) {
  Shown s;
  if (rated || records::is_ranking(record, map)) {
    RM_ASSIGN(records::Candidates c,
              rated ? records::read_answers(record, map) : records::read_candidates(record, map));
    return Shown{std::move(c.prompt), std::move(c.responses), c.right, {}};
  }
  RM_ASSIGN(records::Pair p, records::read_pair(record, map));
  s.prompt = std::move(p.prompt);
  if (!p.rendered) s.answers = {std::move(p.answer[0]), std::move(p.answer[1])};
  if (p.label) s.better = *p.label == records::Label::kTie ? "tie" : *p.label == records::Label::kFirst ? "0" : "1";
  return s;
}

void write_criteria(json::Writer& w, const std::string& trace) {
  const rubric::Rubric r = rubric::read_rubric(trace);
  if (r.criteria.empty()) return;
  w.key("w").begin_array();
  for (const rubric::Criterion& c : r.criteria) {
    w.begin_array().value(std::string_view(c.name));
    c.weight ? w.value(*c.weight) : w.null();
    w.end_array();
  }
  w.end_array();
}

void write_sample(json::Writer& w, const records::Sample& s) {
  w.begin_object().member("o", s.swapped ? "ba" : "ab").key("v");
  s.verdict ? w.value(std::string_view(&*s.verdict, 1)) : w.null();
  w.member("r", std::string_view(s.reason)).member("t", std::string_view(s.text));
  if (!s.reasoning.empty()) w.member("h", std::string_view(s.reasoning));
  if (s.p_a) w.member("p", *s.p_a);
  if (s.pair) w.key("m").begin_array().value((*s.pair)[0]).value((*s.pair)[1]).end_array();
  if (s.answer) w.member("a", *s.answer);
  if (s.rating) w.member("n", *s.rating);
  if (s.closed) w.member("x", true);
  w.member("u", s.completion_tokens);
  write_criteria(w, s.text);
  w.end_object();
}

std::string trace_json(const json::Value& record, const std::optional<Judgment>& j, const std::string& trouble) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  if (const auto error = records::stored_error(record))
    w.key("e").begin_array().value(std::string_view(error->code)).value(std::string_view(error->message)).end_array();
  if (!trouble.empty()) w.member("e2", std::string_view(trouble));
  if (j) {
    w.member("v", j->verdict).member("ok", j->correct).member("c", j->confidence).member("k", j->consistent);
    w.key("n").begin_array().value(j->votes_a).value(j->votes_b).value(j->votes_none).end_array();
    if (j->ranking) {
      w.key("order").begin_array();
      for (const std::int64_t place : j->ranking->order) w.value(place);
      w.end_array();
    }
    if (j->ratings) {
      w.key("ratings").begin_array();
      for (const auto& r : *j->ratings) r ? w.value(*r) : w.null();
      w.end_array();
    }
    w.key("s").begin_array();
    for (const records::Sample& s : j->samples) write_sample(w, s);
    w.end_array();
  }
  w.end_object();
  return out;
}

template <class T>
void write_numbers(json::Writer& w, const char* key, const std::vector<T>& numbers) {
  w.key(key).begin_array();
  for (const T n : numbers) w.value(static_cast<std::int64_t>(n));
  w.end_array();
}

void write_words(json::Writer& w, const char* key, const std::vector<std::string>& words) {
  w.key(key).begin_array();
  for (const std::string& s : words) w.value(std::string_view(s));
  w.end_array();
}

}  // namespace

void Pieces::add(std::string_view json) {
  if (open_.empty()) starts_.push_back(count_);
  open_ += open_.empty() ? '[' : ',';
  open_ += json;
  ++count_;
  if (open_.size() >= kPieceBytes) end();
}

void Pieces::end() {
  if (open_.empty()) return;
  open_ += ']';
  packed_.push_back(deflate_raw(open_, kLevel));
  open_.clear();
}

Result<void> Pieces::write(const std::function<Result<void>(std::string_view)>& out) {
  for (std::size_t i = 0; i < packed_.size(); ++i) {
    RM_TRY(out(script(name_ + "-" + std::to_string(i), packed_[i])));
    packed_[i] = {};
  }
  return {};
}

std::size_t Browse::add_run(std::string name) {
  Run& run = runs_.emplace_back();
  run.name = std::move(name);
  run.traces = Pieces("run-" + std::to_string(runs_.size() - 1));
  return runs_.size() - 1;
}

std::uint32_t Browse::word(std::vector<std::string>& words, std::string_view text) {
  const auto at = std::ranges::find(words, text);
  if (at != words.end()) return static_cast<std::uint32_t>(at - words.begin());
  words.emplace_back(text);
  return static_cast<std::uint32_t>(words.size() - 1);
}

std::uint32_t Browse::add_entry(const records::Judged& judged, const json::Value& record,
                                const records::FieldMap& map) {
  Entry e;
  e.bench = word(benches_, judged.bench.name);
  e.subset = word(subsets_, judged.bench.subset);
  e.item = std::string(judged.bench.item.substr(0, 200));
  e.item = text::sanitise(e.item);
  e.cell = judged.bench.cell;
  std::string json;
  json::Writer w(json);
  w.begin_object();
  if (auto shown = read_shown(record, map, judged.is_rating)) {
    e.title = title_of(shown->prompt);
    w.key("q");
    write_turns(w, shown->prompt);
    w.key("a").begin_array();
    for (const auto& answer : shown->answers) write_turns(w, answer);
    w.end_array();
    if (!shown->better.empty()) w.member("b", std::string_view(shown->better));
    if (shown->right > 0) w.member("right", static_cast<std::uint64_t>(shown->right));
  } else {
    w.member("e", std::string_view(shown.error().message));
  }
  w.end_object();
  texts_.add(json);
  entries_.push_back(std::move(e));
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

void Browse::add(std::size_t run, const records::Judged& judged, bench::Outcome outcome, const json::Value& record,
                 const records::FieldMap& map) {
  Run& r = runs_[run];
  r.bench = word(benches_, judged.bench.name);
  if (r.model.empty()) r.model = std::string(judged.model);
  const std::uint64_t key = ContentHash()
                                .add(judged.bench.name)
                                .add(judged.has_bench ? judged.item_key : kNoItem)
                                .add(static_cast<std::uint64_t>(judged.bench.cell))
                                .digest();
  auto at = keys_.find(key);
  if (at == keys_.end()) {
    if (keys_.size() >= most_) return void(++left_out_);
    at = keys_.emplace(key, add_entry(judged, record, map)).first;
  }
  const std::size_t entry = at->second;
  if (r.at.size() <= entry) {
    r.at.resize(entry + 1, -1);
    r.outcome.resize(entry + 1, 0);
    r.verdict.resize(entry + 1, '.');
    r.confidence.resize(entry + 1, -1);
  }
  if (r.at[entry] >= 0) return;  // repeated: the scores refuse it and say which
  std::optional<Judgment> j;
  std::string trouble;
  if (judged.has_judgment && !judged.failed) {
    auto read = records::read_judgment(*record.find("judgment"));
    read ? void(j = *std::move(read)) : void(trouble = read.error().message);
  }
  r.at[entry] = static_cast<std::int32_t>(r.traces.size());
  r.outcome[entry] = static_cast<std::uint8_t>(outcome);
  r.verdict[entry] = judged.verdict != 0 ? judged.verdict : '-';
  r.confidence[entry] = judged.confidence;
  const std::string trace = trace_json(record, j, trouble);
  fingerprint_.add(trace);
  r.traces.add(trace);
}

std::string Browse::index() const {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  write_words(w, "benches", benches_);
  write_words(w, "subsets", subsets_);
  w.key("outcomes").begin_array();
  for (int o = 0; o < bench::kOutcomes; ++o) w.value(bench::name(static_cast<bench::Outcome>(o)));
  w.end_array().member("leftOut", left_out_);
  write_numbers(w, "texts", texts_.starts());
  w.key("records").begin_array();
  for (const Entry& e : entries_) {
    w.begin_array().value(std::uint64_t{e.bench}).value(std::uint64_t{e.subset}).value(std::string_view(e.item));
    w.value(std::int64_t{e.cell}).value(std::string_view(e.title)).end_array();
  }
  w.end_array().key("runs").begin_array();
  for (const Run& r : runs_) {
    w.begin_object().member("name", std::string_view(r.name)).member("model", std::string_view(r.model));
    w.member("bench", std::uint64_t{r.bench}).member("verdict", std::string_view(r.verdict));
    write_numbers(w, "traces", r.traces.starts());
    write_numbers(w, "at", r.at);
    write_numbers(w, "outcome", r.outcome);
    w.key("confidence").begin_array();
    for (const float c : r.confidence) c < 0 ? w.null() : w.value(std::round(c * 1000.0) / 1000.0);
    w.end_array().end_object();
  }
  w.end_array().end_object();
  return out;
}

Result<void> Browse::write(const std::function<Result<void>(std::string_view)>& out) {
  texts_.end();
  for (Run& r : runs_) r.traces.end();
  RM_TRY(out(script("index", deflate_raw(index(), kLevel))));
  RM_TRY(texts_.write(out));
  for (Run& r : runs_) RM_TRY(r.traces.write(out));
  return {};
}

}  // namespace rm::report
