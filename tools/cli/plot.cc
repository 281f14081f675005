#include "tools/cli/plot.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/atomic_file.h"
#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/base/number.h"
#include "lib/base/progress.h"
#include "lib/metrics/columns.h"
#include "lib/records/writer.h"
#include "lib/report/curves.h"
#include "tools/cli/asking.h"
#include "tools/cli/report.h"
#include "tools/cli/run_names.h"
#include "tools/cli/verbs.h"

namespace rm::cli {
namespace {

constexpr std::int64_t kMostSmooth = 1'000'000'000;
constexpr int kColumns = 80;  // of a terminal that does not say

struct Options {
  Common common;
  std::vector<std::string> files, metrics;
  std::int64_t smooth = -1;
  bool text = false;  // for a terminal
};

Result<void> interpret(Options& o) {
  RM_TRY(choose_inputs(o.common, "name files of metrics, or pipe one in (--help shows how)", o.files));
  if (std::ranges::count(o.files, "-") > 1) return usage("standard input can be read only once", "-");
  if (!o.common.map.empty()) return usage("metrics are read by their own names; choose some with --metric", "--map");
  for (const std::string& f : o.files) RM_TRY(records::refuse_same_file(o.common.out, f));
  const auto out = fd::kind(1, "");
  o.text = o.common.out == "-" && out && out->terminal;
  return {};
}

// Reads the files; lines that are no metrics end the run, or are named and left out with --on-error skip.
class Reader {
 public:
  Reader(std::string program, const Options& o) : program_(std::move(program)), o_(o) {}

  Result<std::vector<report::CurveRun>> read() {
    const std::vector<std::string> names = run_names(o_.files);
    std::vector<report::CurveRun> out;
    for (std::size_t i = 0; i < o_.files.size(); ++i) {
      RM_ASSIGN(metrics::Columns columns, metrics::read_columns(o_.files[i], bad()));
      const std::string file = o_.files[i] == "-" ? "<stdin>" : escape_text(o_.files[i]);
      if (columns.lines == 0) {
        return make_error(Exit::kInput, "no_records",
                          "holds no metrics; expected lines such as {\"step\":1,\"loss\":0.5}", file);
      }
      if (columns.torn)
        say(file + ": the last line is not whole (a run that is still writing, or was killed) and left out");
      out.push_back({names[i], std::move(columns)});
    }
    return out;
  }
  Exit exit() const { return skipped_ > 0 ? Exit::kSomeFailed : Exit::kDone; }
  std::uint64_t skipped() const { return skipped_; }

 private:
  metrics::Bad bad() {
    if (o_.common.on_error != "skip") return {};
    return [this](const Error& e) -> Result<void> {
      constexpr std::uint64_t kNamed = 20;
      if (++skipped_ <= kNamed) say(e.text() + ". The line was left out");
      return {};
    };
  }
  void say(const std::string& message) const {
    if (!o_.common.quiet) warn(program_, message);
  }
  std::string program_;
  const Options& o_;
  std::uint64_t skipped_ = 0;
};

std::string summary(const std::vector<report::CurveRun>& runs, std::uint64_t skipped) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("skipped", skipped).key("runs").begin_array();
  for (const report::CurveRun& r : runs) {
    w.begin_object()
        .member("name", std::string_view(r.name))
        .member("lines", r.columns.lines)
        .key("metrics")
        .begin_object();
    for (const metrics::Column& c : r.columns.columns) {
      const metrics::Point& last = c.points.back();
      w.key(c.name).begin_object().member("values", static_cast<std::uint64_t>(c.points.size()));
      w.member("last_step", last.step).member("last", last.value).end_object();
    }
    w.end_object().end_object();
  }
  w.end_array().end_object();
  return out;
}

int terminal_columns() {
  winsize size{};
  return ::ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kColumns;
}

Result<Exit> run(const std::string& program, const Options& o) {
  Reader reader(program, o);
  RM_ASSIGN(const std::vector<report::CurveRun> runs, reader.read());
  report::CurveOptions options{o.metrics, {}};
  if (o.smooth >= 0) options.smooth = o.smooth;
  RM_ASSIGN(std::string picture,
            o.text ? report::curves_text(runs, options, terminal_columns(), want_color(o.common.color, 1))
                   : report::curves_svg(runs, options));
  if (!o.common.summary.empty())
    RM_TRY(write_file_atomically(o.common.summary, summary(runs, reader.skipped()) + "\n"));
  if (o.common.dry_run) return reader.exit();
  if (o.common.out == "-") {
    RM_TRY(print(o.text ? picture : picture + "\n"));
  } else {
    RM_TRY(write_file_atomically(o.common.out, picture + "\n"));
  }
  return reader.exit();
}

}  // namespace

int plot(const char* program, const char* examples, int argc, char** argv) {
  Options o;
  Parser p(program, "draws the metrics of training runs as one SVG of curves", examples);
  p.files("FILE...", o.files, "Files of metrics, one run a file; several are drawn into the same panels");
  p.group("Curves")
      .texts("--metric", "NAME", o.metrics, "Only the panels that hold this metric (several times: each of them)")
      .integer("--smooth", "N", o.smooth, 0, kMostSmooth,
               "Values in which a smoothed line halves the weight of the past; 0: none (default a 100th of the run)");
  p.add(o.common);
  return run_verb(p, argc, argv, [&]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(p.program(), o);
  });
}

}  // namespace rm::cli
