#include "tools/rm-distill/mix_options.h"

#include <algorithm>
#include <string_view>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "tools/cli/asking.h"
#include "tools/cli/report.h"

namespace rm::rmdistill {
namespace {

using cli::usage;

// "dir/sky.jsonl.zst" -> "sky".
std::string stem(const std::string& file) {
  if (file == "-") return "stdin";
  std::string_view s = file;
  s.remove_prefix(std::min(s.rfind('/') + 1, s.size()));
  for (const std::string_view suffix : {".zst", ".gz", ".jsonl", ".json"}) {
    if (s.ends_with(suffix) && s.size() > suffix.size()) s.remove_suffix(suffix.size());
  }
  return std::string(s);
}

struct Named {
  std::string name, value;
};
Named split_name(const std::string& text) {
  const auto equals = text.rfind('=');
  return equals == text.npos ? Named{"", text} : Named{text.substr(0, equals), text.substr(equals + 1)};
}

Result<distill::SourceRules*> source_of(MixOptions& o, const std::string& name, const char* flag) {
  std::string known;
  for (distill::SourceRules& s : o.rules.sources) {
    if (s.name == name) return &s;
    known += (known.empty() ? "" : ", ") + escape_text(s.name, 60);
  }
  return usage("\"" + escape_text(name, 60) + "\" is no source; they are " + known, flag);
}

Result<void> read_caps(MixOptions& o) {
  for (const std::string& text : o.caps) {
    const Named n = split_name(text);
    const auto cap = parse_unsigned(n.value);
    if (!cap) return usage("\"" + escape_text(text, 60) + "\" is not N or SOURCE=N in whole numbers", "--cap");
    if (n.name.empty() && text.find('=') == text.npos) {
      for (distill::SourceRules& s : o.rules.sources) {
        if (!s.cap) s.cap = cap;
      }
      continue;
    }
    RM_ASSIGN(distill::SourceRules * s, source_of(o, n.name, "--cap"));
    s->cap = cap;
  }
  return {};
}

Result<void> read_weights(MixOptions& o) {
  for (const std::string& text : o.weights) {
    const Named n = split_name(text);
    const auto weight = parse_double(n.value);
    if (n.name.empty() || !weight || *weight < 1e-6 || *weight > 1e6)
      return usage("\"" + escape_text(text, 60) + "\" is not SOURCE=WEIGHT with a weight from 1e-6 to 1e6", "--weight");
    RM_ASSIGN(distill::SourceRules * s, source_of(o, n.name, "--weight"));
    s->weight = weight;
  }
  if (!o.weights.empty() && o.rules.sources.size() < 2)
    return usage("is a proportion between sources, and there is one; --cap draws from it", "--weight");
  return {};
}

Result<void> read_split(MixOptions& o) {
  if (o.split.empty() && o.rest.empty()) return {};
  if (o.split.empty()) return usage("is where --split puts the rest; give --split NAME=FRACTION too", "--rest");
  if (o.rest.empty()) return usage("needs --rest FILE for the records that are not in NAME", "--split");
  const Named n = split_name(o.split);
  const auto fraction = parse_double(n.value);
  if (n.name.empty() || !fraction || *fraction <= 0 || *fraction >= 1) {
    return usage("\"" + escape_text(o.split, 60) + "\" is not NAME=FRACTION with a fraction between 0 and 1",
                 "--split");
  }
  if (o.rest == o.common.out) return usage("-o and --rest need different files", "--rest");
  o.split_name = n.name;
  o.rules.split = fraction;
  return {};
}

Result<void> read_sources(MixOptions& o) {
  RM_TRY(cli::choose_inputs(o.common, "name the sources, or pipe one in (--help shows how)", o.files));
  for (const std::string& file : o.files) {
    distill::SourceRules s{stem(file), file, {}, {}};
    for (const distill::SourceRules& other : o.rules.sources) {
      if (other.name != s.name) continue;
      return usage("two sources are named \"" + escape_text(s.name, 60) +
                   "\": a source is named after its file, and each needs a name of its own");
    }
    o.rules.sources.push_back(std::move(s));
  }
  return {};
}

}  // namespace

void add_mix_flags(cli::Parser& p, MixOptions& o) {
  p.files("FILE...", o.files, "Sources of labelled pairs, each named after its file; standard input without any");
  p.group("Mixing")
      .texts("--exclude", "FIELD=VALUE", o.excludes, "Leave out records whose field is (or with != is not) VALUE")
      .choice("--dedup", {"pair", "prompt"}, o.dedup,
              "Of records with the same pair, or the same prompt, keep the first")
      .texts("--decontaminate", "FILE", o.benchmarks,
             "Leave out records whose prompt holds an item of this benchmark file or folder")
      .texts("--cap", "[SOURCE=]N", o.caps, "Keep at most N records of the source, or of each")
      .texts("--weight", "SOURCE=W", o.weights,
             "Take sources in these proportions, as many as there are (others weigh 1)")
      .text("--split", "NAME=FRACTION", o.split, "Write this share of the prompts to -o and the others to --rest")
      .text("--rest", "FILE", o.rest, "Where the records go that --split does not put into -o");
  p.add(o.common);
}

Result<void> interpret(MixOptions& o) {
  RM_TRY(read_sources(o));
  RM_TRY(read_caps(o));
  RM_TRY(read_weights(o));
  RM_TRY(read_split(o));
  for (const std::string& text : o.excludes) {
    auto condition = records::Condition::parse(text);
    if (!condition) {
      Error e = condition.error();
      e.where = "--exclude";
      return e;
    }
    o.rules.exclude.push_back(*std::move(condition));
  }
  o.rules.dedup = o.dedup == "pair"     ? distill::Dedup::kPair
                  : o.dedup == "prompt" ? distill::Dedup::kPrompt
                                        : distill::Dedup::kNone;
  o.rules.seed = o.common.seed;
  RM_ASSIGN(o.rules.map, records::parse_field_map(o.common.map));
  return {};
}

}  // namespace rm::rmdistill
