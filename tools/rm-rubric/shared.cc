// What the verbs share: settings, counts of rubrics, the end of a run.
#include "lib/base/atomic_file.h"
#include "lib/base/number.h"
#include "tools/cli/asking.h"
#include "tools/cli/open.h"
#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {

void RubricCounts::add(const records::Rubric& r) {
  with_criteria += !r.criteria.empty();
  with_solution += r.criteria.empty() && !r.solution.empty();
  neither += !r.usable();
  criteria += r.criteria.size();
  for (const records::Criterion& c : r.criteria) weighted += c.weight.has_value();
  for (const records::Unread& u : r.unread) ++unread[u.what + ": " + u.reason];
}

void RubricCounts::members(json::Writer& w) const {
  w.member("with_criteria", with_criteria).member("with_solution", with_solution).member("neither", neither);
  w.member("criteria", criteria).member("weighted", weighted).key("unread").begin_object();
  for (const auto& [what, n] : unread) w.member(what, n);
  w.end_object();
}

std::string RubricCounts::words() const {
  std::string s = format_grouped(with_criteria) + " with criteria, " + format_grouped(with_solution) +
                  " with a solution, " + format_grouped(neither) + " with neither";
  if (criteria > 0)
    s += "; " + format_grouped(weighted) + " of " + format_grouped(criteria) + " criteria have a weight";
  std::string list;
  for (const auto& [what, n] : unread) list += (list.empty() ? "" : ", ") + what + " " + format_grouped(n);
  return list.empty() ? s : s + "; unread: " + list;
}

std::string rubric_json(const records::Rubric& r) {
  std::string out;
  json::Writer w(out);
  records::write_rubric(w, r);
  return out;
}

Result<judge::Settings> settings_of(const cli::Common& c, const cli::Model& m, std::int64_t samples) {
  judge::Settings s;
  RM_ASSIGN(const cli::Sampling how, cli::sampling_of(c, m, samples));
  s.samples = static_cast<int>(samples);
  s.temperature = how.temperature;
  s.top_p = how.top_p;
  s.max_tokens = how.max_tokens;
  s.seed = how.seed;
  return s;
}

Result<std::unique_ptr<generate::Generator>> open_model(const cli::Common& c, const cli::Model& m, judge::Settings& s) {
  s.form = m.form == "plain" ? judge::Form::kPlain : judge::Form::kCor;
  if (!m.emit_batch.empty()) return std::unique_ptr<generate::Generator>();
  RM_ASSIGN(auto generator, cli::open_generator(m, false, [&](const std::string& message) {
              if (!c.quiet) cli::warn(kProgram, message);
            }));
  if (m.form.empty() && generator->reasoning_model()) s.form = judge::Form::kPlain;
  s.model = generator->model_name();
  return generator;
}

Result<void> check_input(const cli::Common& c) {
  if (c.dry_run && c.out != "-") return usage("writes no records; -o has no use", "--dry-run");
  return c.in_given ? Result<void>() : cli::refuse_terminal("give records with -i FILE or a pipe (--help shows how)");
}

void run_members(json::Writer& w, const cli::Outcome& end) {
  w.member("records", end.records).member("resumed", end.resumed).member("failed", end.failed);
  w.member("skipped", end.skipped);
}

std::string run_words(const cli::Outcome& end) {
  std::string s = format_grouped(end.records) + (end.records == 1 ? " record" : " records");
  if (end.resumed > 0) s += " (" + format_grouped(end.resumed) + " more were done before)";
  if (end.failed > 0) s += ", " + format_grouped(end.failed) + " failed";
  if (end.skipped > 0) s += ", " + format_grouped(end.skipped) + " left out";
  return s;
}

Result<Exit> close(const cli::Common& c, const cli::Outcome& end, const std::string& summary, const std::string& line) {
  if (!c.summary.empty()) {
    if (auto written = write_file_atomically(c.summary, summary + "\n"); !written && !end.error) return written.error();
  }
  if (!c.quiet && !line.empty()) cli::warn(kProgram, line);
  if (end.error) return *end.error;
  return end.failed + end.skipped > 0 ? Exit::kSomeFailed : Exit::kDone;
}

}  // namespace rm::rmrubric
