#include "tools/rm-judge/counts.h"

#include <algorithm>

#include "lib/base/json.h"
#include "lib/base/number.h"
#include "lib/stats/wilson.h"

namespace rm::rmjudge {

void Counts::add(const records::Judgment& j) {
  ++judged;
  const bool rated = j.ratings && std::ranges::all_of(*j.ratings, [](const auto& r) { return r.has_value(); });
  const bool ranked = j.ranking && std::ranges::any_of(j.samples, [](const auto& s) { return s.verdict.has_value(); });
  if (!rated && !ranked && !j.verdict) ++unparsed;
  if (j.verdict == "tie") ++ties;
  if (std::ranges::any_of(j.samples, [](const auto& s) { return s.reason == "error"; })) ++incomplete;
  for (const records::Sample& s : j.samples) {
    if (s.verdict == 'A') ++said_a;
    if (s.verdict == 'B') ++said_b;
    if (s.finish_reason == "length") ++cut;
    prompt_tokens += s.prompt_tokens;
    completion_tokens += s.completion_tokens;
  }
  if (j.correct) {
    ++labelled;
    if (*j.correct) ++correct;
  }
  if (j.consistent) {
    ++both_orders;
    if (*j.consistent) ++consistent;
  }
}

std::string summary_json(const Counts& c, const Run& r) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.member("records", c.records).member("resumed", c.resumed).member("judged", c.judged).member("failed", c.failed);
  w.member("skipped", c.skipped)
      .member("incomplete", c.incomplete)
      .member("unparsed", c.unparsed)
      .member("cut", c.cut)
      .member("ties", c.ties);
  w.key("said").begin_object().member("A", c.said_a).member("B", c.said_b).end_object();
  w.member("labelled", c.labelled).member("correct", c.correct).key("accuracy");
  if (c.labelled > 0) {
    const auto i = stats::wilson(static_cast<std::int64_t>(c.correct), static_cast<std::int64_t>(c.labelled));
    w.begin_object().member("share", static_cast<double>(c.correct) / static_cast<double>(c.labelled));
    w.member("low", i.low).member("high", i.high).end_object();
  } else {
    w.null();
  }
  w.key("consistent");
  if (c.both_orders > 0) {
    w.begin_object().member("pairs", c.both_orders).member("agree", c.consistent).end_object();
  } else {
    w.null();
  }
  w.key("tokens")
      .begin_object()
      .member("prompt", c.prompt_tokens)
      .member("completion", c.completion_tokens)
      .end_object();
  w.member("seconds", r.seconds).member("model", r.model).member("prompt_id", r.prompt_id).member("seed", r.seed);
  w.member("exit", static_cast<std::int64_t>(r.exit));
  w.end_object();
  return out;
}

std::string closing_line(const Counts& c, const Run& r) {
  std::string s =
      format_grouped(c.records) + (c.records == 1 ? " record" : " records") + " in " + format_duration(r.seconds);
  if (c.resumed > 0) s += " (" + format_grouped(c.resumed) + " were done before)";
  if (c.unparsed > 0) s += ", " + format_grouped(c.unparsed) + " without a verdict";
  if (c.ties > 0) s += ", " + format_grouped(c.ties) + " ties";
  if (c.incomplete > 0) s += ", " + format_grouped(c.incomplete) + " with samples missing";
  if (c.failed > 0) s += ", " + format_grouped(c.failed) + " failed";
  if (c.skipped > 0) s += ", " + format_grouped(c.skipped) + " left out";
  if (c.labelled > 0) {
    const auto i = stats::wilson(static_cast<std::int64_t>(c.correct), static_cast<std::int64_t>(c.labelled));
    const double share = static_cast<double>(c.correct) / static_cast<double>(c.labelled);
    s += "; right in " + format_grouped(c.correct) + " of " + format_grouped(c.labelled) + " (" +
         format_fixed(100 * share, 1) + " %, 95 % interval " + format_fixed(100 * i.low, 1) + " to " +
         format_fixed(100 * i.high, 1) + ")";
  }
  return s;
}

}  // namespace rm::rmjudge
