#include "tools/rm-distill/mix_counts.h"

#include "lib/base/escape.h"
#include "lib/base/json.h"
#include "lib/base/number.h"

namespace rm::rmdistill {
namespace {

using distill::OutputCounts;
using distill::SourceCounts;

SourceCounts total(const distill::Mix& mix) {
  SourceCounts out;
  for (const SourceCounts& c : mix.sources()) {
    out.seen += c.seen, out.excluded += c.excluded, out.duplicates += c.duplicates;
    out.contaminated += c.contaminated, out.failed += c.failed, out.capped += c.capped, out.kept += c.kept;
  }
  return out;
}

void add(std::string& line, std::uint64_t n, const char* what) {
  if (n > 0) line += ", " + format_grouped(n) + " " + what;
}

std::string output_line(const std::string& name, const OutputCounts& c) {
  return escape_text(name) + ": " + format_grouped(c.pairs) + " pairs, the better one is A in " + format_grouped(c.a) +
         " and B in " + format_grouped(c.b);
}

void put(json::Writer& w, const SourceCounts& c) {
  w.member("seen", c.seen).member("kept", c.kept).member("excluded", c.excluded).member("duplicates", c.duplicates);
  w.member("contaminated", c.contaminated).member("capped", c.capped).member("failed", c.failed);
}

void put(json::Writer& w, const char* key, const std::string& name, const OutputCounts& c) {
  w.key(key).begin_object().member("file", name).member("pairs", c.pairs);
  w.key("winner").begin_object().member("A", c.a).member("B", c.b).end_object().end_object();
}

}  // namespace

std::vector<std::string> count_lines(const MixOptions& o, const distill::Mix& mix,
                                     const distill::Contamination& benchmarks) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < mix.sources().size(); ++i) {
    const SourceCounts& c = mix.sources()[i];
    std::string line = escape_text(o.rules.sources[i].name) + ": " + format_grouped(c.seen) + " seen";
    add(line, c.failed, "failed");
    add(line, c.excluded, "excluded");
    add(line, c.duplicates, "repeated");
    add(line, c.contaminated, "contaminated");
    add(line, c.capped, "over its cap or weight");
    out.push_back(line + ", " + format_grouped(c.kept) + " kept");
  }
  for (std::size_t i = 0; i < benchmarks.files().size(); ++i) {
    if (mix.contaminated(i) == 0) continue;
    out.push_back(escape_text(benchmarks.files()[i].name) + ", items: " + format_grouped(benchmarks.files()[i].items) +
                  ", records that held one: " + format_grouped(mix.contaminated(i)));
  }
  for (std::size_t i = 0; i < o.rules.exclude.size(); ++i) {
    if (mix.matched(i) == 0)
      out.push_back("--exclude " + escape_text(o.rules.exclude[i].text(), 80) + " excluded nothing");
  }
  const std::string first = o.split_name.empty() ? "" : o.split_name + " ";
  out.push_back(output_line(first + (o.common.out == "-" ? "<stdout>" : o.common.out), mix.output(false)));
  if (o.rules.split) out.push_back(output_line(o.rest == "-" ? "<stdout>" : o.rest, mix.output(true)));
  return out;
}

std::string counts_json(const MixOptions& o, const distill::Mix& mix, const distill::Contamination& benchmarks,
                        std::uint64_t skipped) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  put(w, total(mix));
  w.member("skipped", skipped).member("seed", o.rules.seed).key("sources").begin_array();
  for (std::size_t i = 0; i < mix.sources().size(); ++i) {
    w.begin_object().member("name", o.rules.sources[i].name).member("file", o.rules.sources[i].file);
    put(w, mix.sources()[i]);
    w.end_object();
  }
  w.end_array();
  put(w, "out", o.common.out, mix.output(false));
  if (o.rules.split) {
    w.member("split", o.split_name).member("fraction", *o.rules.split);
    put(w, "rest", o.rest, mix.output(true));
  }
  if (!benchmarks.files().empty()) {
    w.key("decontamination").begin_object().member("words", static_cast<std::uint64_t>(distill::Contamination::kGram));
    w.member("share", 0.5).key("files").begin_array();
    for (std::size_t i = 0; i < benchmarks.files().size(); ++i) {
      w.begin_object().member("file", benchmarks.files()[i].name).member("items", benchmarks.files()[i].items);
      w.member("contaminated", mix.contaminated(i)).end_object();
    }
    w.end_array().end_object();
  }
  w.end_object();
  return out;
}

}  // namespace rm::rmdistill
