#include "lib/records/judgment.h"

#include "lib/records/members.h"

namespace rm::records {
namespace {

using json::Type;
using json::Value;

constexpr const char* kReason = "bad_judgment";

std::optional<std::string_view> letter_text(const std::optional<char>& c) {
  if (!c) return std::nullopt;
  return *c == 'A' ? "A" : "B";
}

std::optional<std::string_view> view(const std::optional<std::string>& s) {
  if (!s) return std::nullopt;
  return std::string_view(*s);
}

void write_sample(json::Writer& w, const Sample& s) {
  w.begin_object();
  if (s.pair) w.key("pair").begin_array().value((*s.pair)[0]).value((*s.pair)[1]).end_array();
  if (s.answer) {
    w.member("answer", *s.answer).member("rating", s.rating);
  } else {
    w.member("order", std::string_view(s.swapped ? "ba" : "ab")).member("verdict", letter_text(s.verdict));
  }
  w.member("reason", std::string_view(s.reason)).member("type", view(s.type)).member("text", std::string_view(s.text));
  w.member("reasoning", std::string_view(s.reasoning));
  if (!s.answer) w.member("p_a", s.p_a);
  if (s.closed) w.member("closed", true);
  w.member("finish_reason", std::string_view(s.finish_reason));
  write_usage(w, s.prompt_tokens, s.completion_tokens);
  w.end_object();
}

void write_ranking(json::Writer& w, const Judgment& j) {
  const Ranking& r = *j.ranking;
  w.key("ranking").begin_array();
  for (const std::int64_t i : r.order) w.value(i);
  w.end_array().key("scores").begin_array();
  for (const double s : r.scores) w.value(s);
  w.end_array().key("intervals").begin_array();
  for (const auto& [low, high] : r.intervals) w.begin_array().value(low).value(high).end_array();
  w.end_array().member("correct", j.correct).member("calls", r.calls);
}

void write_ratings(json::Writer& w, const Judgment& j) {
  w.key("ratings").begin_array();
  for (const auto& r : *j.ratings) r ? w.value(*r) : w.null();
  w.end_array();
  if (j.ratings->size() != 2) return;
  w.member("verdict", view(j.verdict)).member("preferred", view(j.preferred)).member("correct", j.correct);
}

void write_votes(json::Writer& w, const Judgment& j) {
  w.member("verdict", view(j.verdict)).member("preferred", view(j.preferred)).member("correct", j.correct);
  w.member("confidence", j.confidence);
  w.key("votes").begin_object().member("A", j.votes_a).member("B", j.votes_b).member("none", j.votes_none).end_object();
  w.member("consistent", j.consistent);
}

Result<Sample> read_sample(const Value& v, const std::string& path) {
  if (!v.is(Type::kObject)) {
    return make_error(Exit::kInput, kReason, "\"" + path + "\" is " + json::name(v.type()) + "; expected an object");
  }
  Sample s;
  Members f(v, path + ".", kReason);
  std::string order = "ab", letter;
  f.text("order", order);
  f.text("verdict", letter);
  f.text("reason", s.reason);
  f.text("type", s.type);
  f.text("text", s.text);
  f.text("reasoning", s.reasoning);
  f.number("p_a", s.p_a);
  f.text("finish_reason", s.finish_reason);
  if (order != "ab" && order != "ba") f.fail("order", "is neither \"ab\" nor \"ba\"");
  if (!letter.empty() && letter != "A" && letter != "B") f.fail("verdict", "is neither \"A\" nor \"B\" nor null");
  s.swapped = order == "ba";
  if (!letter.empty()) s.verdict = letter[0];
  if (const auto pair = f.get("pair", Type::kArray)) {
    const std::vector<Value> two = pair->items();
    const auto first = two.size() == 2 ? two[0].integer() : std::nullopt;
    const auto second = two.size() == 2 ? two[1].integer() : std::nullopt;
    if (!first || !second || *first < 0 || *second < 0) {
      f.fail("pair", "is not two places of answers");
    } else {
      s.pair = {*first, *second};
    }
  }
  if (f.get("answer", Type::kNumber)) f.count("answer", s.answer.emplace());
  f.number("rating", s.rating);
  if (const auto closed = f.get("closed", Type::kBool)) s.closed = *closed->boolean();
  f.usage(s.prompt_tokens, s.completion_tokens);
  if (f.error()) return *f.error();
  return s;
}

}  // namespace

void write_judgment(json::Writer& w, const Judgment& j) {
  w.begin_object();
  j.ratings ? write_ratings(w, j) : j.ranking ? write_ranking(w, j) : write_votes(w, j);
  w.key("samples").begin_array();
  for (const Sample& s : j.samples) write_sample(w, s);
  w.end_array().member("model", std::string_view(j.model)).member("prompt_id", std::string_view(j.prompt_id));
  w.member("seed", j.seed).end_object();
}

Result<Judgment> read_judgment(const Value& v) {
  if (!v.is(Type::kObject)) {
    return make_error(Exit::kInput, kReason,
                      std::string("\"judgment\" is ") + json::name(v.type()) + "; expected an object");
  }
  Judgment j;
  Members f(v, "judgment.", kReason);
  f.text("verdict", j.verdict);
  f.text("preferred", j.preferred);
  f.boolean("correct", j.correct);
  f.number("confidence", j.confidence);
  f.boolean("consistent", j.consistent);
  f.text("model", j.model);
  f.text("prompt_id", j.prompt_id);
  f.seed("seed", j.seed);
  if (const auto votes = f.get("votes", Type::kObject)) {
    Members c(*votes, "judgment.votes.", kReason);
    c.count("A", j.votes_a);
    c.count("B", j.votes_b);
    c.count("none", j.votes_none);
    if (c.error()) return *c.error();
  }
  if (const auto ranking = f.get("ranking", Type::kArray)) {
    j.ranking.emplace();
    for (const Value& place : ranking->items()) {
      const auto answer = place.integer();
      if (!answer || *answer < 0) f.fail("ranking", "holds what is no place of an answer");
      j.ranking->order.push_back(answer.value_or(0));
    }
    f.count("calls", j.ranking->calls);
  }
  if (const auto ratings = f.get("ratings", Type::kArray)) {
    j.ratings.emplace();
    for (const Value& r : ratings->items()) {
      if (!r.is(Type::kNull) && !r.is(Type::kNumber)) f.fail("ratings", "holds what is neither a number nor null");
      j.ratings->push_back(r.number());
    }
  }
  const auto samples = f.get("samples", Type::kArray);
  if (!samples) f.fail("samples", "is missing; expected a list");
  if (f.error()) return *f.error();
  for (const Value& item : samples->items()) {
    RM_ASSIGN(Sample s, read_sample(item, "judgment.samples[" + std::to_string(j.samples.size()) + "]"));
    j.samples.push_back(std::move(s));
  }
  return j;
}

}  // namespace rm::records
