#include "lib/bench/scores.h"

#include <future>
#include <utility>

#include "lib/bench/bias.h"
#include "lib/bench/figures.h"
#include "lib/bench/shape.h"

namespace rm::bench {
namespace {

void add_matrices(Scores& out, const Slots& slots, const Figures& f) {
  Scores::Matrix all{"all", {}};
  std::array<std::vector<Term>, kCells> terms;
  for (const char* domain : {"chat", "math", "code", "safety"}) {
    Scores::Matrix m{domain, {}};
    bool any = false;
    for (int c = 0; c < kCells; ++c) {
      const auto at = static_cast<std::size_t>(c);
      const std::string cell = std::string(domain) + "/" + std::to_string(c);
      m.cells[at].group = "cell", m.cells[at].name = cell;
      const auto slot = slots.find("cell", cell);
      if (!slot || f.totals()[*slot].ratio.count <= 0) continue;
      m.cells[at] = f.weighted("cell", cell, {{*slot, 1}});
      terms[at].push_back({*slot, 1});
      any = true;
    }
    if (any) out.matrices.push_back(std::move(m));
  }
  for (std::size_t c = 0; c < kCells; ++c) all.cells[c] = f.weighted("cell", "all/" + std::to_string(c), terms[c]);
  out.matrices.push_back(std::move(all));
}

void add_baselines(Scores& out, Tally& tally, const Slots& slots) {
  const std::pair<const char*, std::uint8_t Row::*> kJudges[] = {
      {"always the first", &Row::first}, {"the longest", &Row::longest}, {"the shortest", &Row::shortest}};
  for (const auto& [name, share] : kJudges) {
    const auto credit = [share = share](const Row& r) -> std::optional<double> {
      if (r.*share == kNoShare || r.outcome == Outcome::kUnlabelled) return std::nullopt;
      return (r.*share) / 12.0;
    };
    Figure overall;
    if (tally.rules()->kind == Kind::kPairs) {
      overall = records_figure("baseline", name, tally.rows(), credit, out.settings);
    } else {
      const Figures f(slots, source_of(slots, credit, false), out.settings);
      overall = shape_of(*tally.rules(), slots, f.totals(), false).overall.figure(f);
      overall.group = "baseline", overall.name = name;
    }
    if (overall.value) out.baselines.push_back({name, std::move(overall)});
  }
}

}  // namespace

Result<Scores> score(Tally& tally, const Settings& s) {
  if (tally.rules() == nullptr || tally.rows().empty())
    return make_error(Exit::kInput, "no_records", "no judged records of a benchmark were found");
  Scores out;
  out.bench = tally.rules()->name;
  out.version = tally.rules()->version;
  out.models = tally.models();
  out.settings = s;
  out.missing = s.partial ? tally.missing() : std::vector<std::string>();
  out.counts = tally.counts();
  out.calibration = tally.bins();
  for (const Item& i : tally.items()) out.items += i.seen != 0;
  // Both only read the rows, which are in order by now.
  auto bias = std::async(std::launch::async, [&, &rows = tally.rows()] { return bias_figures(rows, s); });
  const Slots slots(tally, s);
  const Figures f(slots, source_of(slots, judge_credit(s), true), s);
  const Shape shape = shape_of(*tally.rules(), slots, f.totals(), true);
  out.overall = shape.overall.figure(f);
  for (const Group& g : shape.groups) out.figures.push_back(g.figure(f));
  if (tally.rules()->kind == Kind::kRmBench) add_matrices(out, slots, f);
  add_baselines(out, tally, slots);
  out.bias = bias.get();
  return out;
}

}  // namespace rm::bench
