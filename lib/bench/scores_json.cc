#include "lib/base/json.h"
#include "lib/bench/scores.h"

namespace rm::bench {
namespace {

const char* word(Unparsed u) { return u == Unparsed::kWrong ? "wrong" : u == Unparsed::kChance ? "chance" : "drop"; }

void write(json::Writer& w, const Figure& f) {
  w.begin_object().member("group", std::string_view(f.group)).member("name", std::string_view(f.name));
  w.member("value", f.value);
  if (f.value) {
    w.member("low", f.interval.low).member("high", f.interval.high).member("method", std::string_view(f.method));
  }
  w.member("n", f.n).end_object();
}

void write(json::Writer& w, const char* key, const std::vector<Figure>& figures) {
  w.key(key).begin_array();
  for (const Figure& f : figures) write(w, f);
  w.end_array();
}

void write(json::Writer& w, const char* key, const std::vector<std::string>& texts) {
  w.key(key).begin_array();
  for (const std::string& t : texts) w.value(std::string_view(t));
  w.end_array();
}

void write_counts(json::Writer& w, const Scores& s) {
  w.key("counts").begin_object().member("records", s.counts.records).member("items", s.items);
  for (int o = 0; o < kOutcomes; ++o)
    w.member(name(static_cast<Outcome>(o)), s.counts.outcomes[static_cast<std::size_t>(o)]);
  w.member("unreadable", s.counts.unreadable).end_object();
}

}  // namespace

std::string scores_json(const Scores& s) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("bench", std::string_view(s.bench)).member("version", s.version);
  w.member("partial", s.partial());
  write(w, "missing", s.missing);
  write(w, "models", s.models);
  w.member("unparsed", word(s.settings.unparsed)).member("upstream_bug", s.settings.upstream_bug);
  w.member("seed", s.settings.seed);
  write_counts(w, s);
  w.key("overall");
  write(w, s.overall);
  write(w, "figures", s.figures);
  w.key("matrices").begin_array();
  for (const Scores::Matrix& m : s.matrices) {
    w.begin_object().member("domain", std::string_view(m.domain)).key("cells").begin_array();
    for (const Figure& f : m.cells) write(w, f);
    w.end_array().end_object();
  }
  w.end_array().key("baselines").begin_array();
  for (const Baseline& b : s.baselines) write(w, b.overall);
  w.end_array();
  write(w, "bias", s.bias);
  w.key("calibration").begin_array();
  for (std::size_t i = 0; i < s.calibration.size(); ++i) {
    const Bin& b = s.calibration[i];
    w.begin_object().member("low", static_cast<double>(i) / 10).member("high", static_cast<double>(i + 1) / 10);
    w.member("n", b.n).member("right", b.right).member("confidence", b.confidence).end_object();
  }
  w.end_array().end_object();
  return out;
}

}  // namespace rm::bench
