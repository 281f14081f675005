// The verbs of rm-rubric. Each takes the command line from its own name on and returns the exit code.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/judge/judge.h"
#include "lib/records/rubric.h"
#include "tools/cli/record_run.h"
#include "tools/cli/report.h"
#include "tools/cli/verbs.h"

namespace rm::rmrubric {

inline constexpr const char* kProgram = "rm-rubric";
using cli::usage;

int generate(int argc, char** argv);
int extract(int argc, char** argv);
int vet(int argc, char** argv);
int stats(int argc, char** argv);

// What rubrics came to, of generate and extract.
struct RubricCounts {
  std::uint64_t with_criteria = 0, with_solution = 0, neither = 0;  // with_solution: and no criteria
  std::uint64_t criteria = 0, weighted = 0;
  std::map<std::string, std::uint64_t> unread;  // "weight: word" -> how many

  void add(const records::Rubric& r);
  void members(json::Writer& w) const;
  std::string words() const;  // for the closing line
};

std::string rubric_json(const records::Rubric& r);

// What the verbs that ask a model have in common: settings of the judge from the flags. Exit::kUsage.
Result<judge::Settings> settings_of(const cli::Common& c, const cli::Model& m, std::int64_t samples);
// The generator, none where a batch is written; fills form and model of the settings.
Result<std::unique_ptr<generate::Generator>> open_model(const cli::Common& c, const cli::Model& m, judge::Settings& s);
// Standard input that is a terminal is no file of records.
Result<void> check_input(const cli::Common& c);

// What is said of every run: records, failed, skipped, resumed.
void run_members(json::Writer& w, const cli::Outcome& end);
std::string run_words(const cli::Outcome& end);
// The end of a run: --summary and the closing line, then its exit code or what ended it.
Result<Exit> close(const cli::Common& c, const cli::Outcome& end, const std::string& summary, const std::string& line);

}  // namespace rm::rmrubric
