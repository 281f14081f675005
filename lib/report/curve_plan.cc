#include "lib/report/curve_plan.h"

#include <algorithm>
#include <set>

#include "lib/base/escape.h"
#include "lib/metrics/record.h"

namespace rm::report {
namespace {

using enum LineStyle;

// The usual panels. A metric with "val_" before its name joins the panel of the metric, as points.
std::vector<PlanPanel> usual() {
  return {
      {"Loss", "nats per token", false, true, {{"loss", "training", kNoisy}}},
      {"Reward", "mean", false, false, {{"reward_mean", "training", kNoisy}}},
      {"Verdicts",
       "share of validation pairs",
       true,
       false,
       {{"val_verdict_accuracy", "right", kPoints}, {"val_parsed", "with a verdict", kPoints}}},
      {"Tokens right", "share of validation tokens", true, false, {{"val_token_accuracy", "likeliest token", kPoints}}},
      {"KL divergence", "nats per token", false, true, {{"kl", "training", kNoisy}}},
      {"Entropy", "nats per token", false, false, {{"entropy", "training", kNoisy}}},
      {"Clipped", "share of tokens", false, false, {{"clip_fraction", "training", kNoisy}}},
      {"Response", "tokens, mean", false, false, {{"length_mean", "training", kNoisy}}},
      {"Learning rate", "", false, false, {{"lr", "learning rate", kPlain}}},
      {"Gradient norm", "before clipping", false, true, {{"grad_norm", "training", kNoisy}}},
      {"Speed", "tokens per second", false, false, {{"tokens_per_s", "training", kNoisy}}},
  };
}

// Names in the order in which they came, over all runs.
std::vector<std::string> names_of(const std::vector<CurveRun>& runs) {
  std::vector<std::string> out;
  std::set<std::string, std::less<>> seen;
  for (const CurveRun& r : runs) {
    for (const metrics::Column& c : r.columns.columns) {
      if (seen.insert(c.name).second) out.push_back(c.name);
    }
  }
  return out;
}

bool is_validation(const std::string& name) { return name.starts_with(metrics::kValidationPrefix); }

// Each line followed by the one of its validation; those of them that are there, which are no longer `open`.
std::vector<PlanLine> lines_there(const std::vector<PlanLine>& lines, std::set<std::string, std::less<>>& open) {
  std::vector<PlanLine> out;
  for (const PlanLine& l : lines) {
    out.push_back(l);
    out.push_back({std::string(metrics::kValidationPrefix) + l.metric, "validation", kPoints});
  }
  std::erase_if(out, [&open](const PlanLine& l) { return open.erase(l.metric) == 0; });
  return out;
}

// Every name in a panel: its usual one, that of the metric it validates, or one of its own. `known`: how many are usual.
std::vector<PlanPanel> all_panels(const std::vector<std::string>& names, std::size_t& known) {
  std::set<std::string, std::less<>> open(names.begin(), names.end());
  std::vector<PlanPanel> out;
  for (PlanPanel p : usual()) {
    p.lines = lines_there(p.lines, open);
    if (!p.lines.empty()) out.push_back(std::move(p));
  }
  known = out.size();
  for (const std::string& name : names) {
    const bool joins = is_validation(name) && open.contains(name.substr(metrics::kValidationPrefix.size()));
    if (joins || !open.contains(name)) continue;
    PlanPanel p{name, "", false, true, {{name, "value", is_validation(name) ? kPoints : kNoisy}}};
    p.lines = lines_there(p.lines, open);
    out.push_back(std::move(p));
  }
  return out;
}

// Colours tell runs apart there, so each panel keeps one line a style.
std::vector<PlanPanel> parted(std::vector<PlanPanel> panels) {
  std::vector<PlanPanel> out;
  for (PlanPanel& p : panels) {
    std::vector<PlanPanel> parts;
    for (PlanLine& line : p.lines) {
      const auto room = std::ranges::find_if(parts, [&line](const PlanPanel& part) {
        return std::ranges::none_of(part.lines, [&line](const PlanLine& l) { return l.style == line.style; });
      });
      if (room != parts.end()) {
        room->lines.push_back(std::move(line));
        continue;
      }
      PlanPanel part = p;
      part.lines.clear();
      part.lines.push_back(std::move(line));
      parts.push_back(std::move(part));
    }
    if (parts.size() > 1) {
      for (PlanPanel& part : parts) part.title += ", " + part.lines.front().label;
    }
    std::ranges::move(parts, std::back_inserter(out));
  }
  return out;
}

Error no_metric(const std::string& what, const std::vector<std::string>& names) {
  constexpr std::size_t kListed = 40;
  std::string all;
  for (std::size_t i = 0; i < names.size() && i < kListed; ++i) all += (i == 0 ? "" : ", ") + escape_text(names[i], 80);
  if (names.size() > kListed) all += ", ...";
  return make_error(Exit::kInput, "no_metric", what + (all.empty() ? "" : "; there are " + all));
}

}  // namespace

Result<std::vector<PlanPanel>> plan_panels(const std::vector<CurveRun>& runs, const std::vector<std::string>& wanted) {
  const std::vector<std::string> names = names_of(runs);
  if (names.empty()) return no_metric("no metrics to draw: the records have nothing but steps", names);
  for (const std::string& w : wanted) {
    if (std::ranges::find(names, w) == names.end()) return no_metric("no metric \"" + escape_text(w, 80) + "\"", names);
  }
  std::size_t known = 0;
  std::vector<PlanPanel> panels = all_panels(names, known);
  if (wanted.empty()) {
    if (known > 0) panels.resize(known);
  } else {
    std::erase_if(panels, [&wanted](const PlanPanel& p) {
      return std::ranges::none_of(
          p.lines, [&wanted](const PlanLine& l) { return std::ranges::find(wanted, l.metric) != wanted.end(); });
    });
  }
  return runs.size() > 1 ? parted(std::move(panels)) : panels;
}

}  // namespace rm::report
