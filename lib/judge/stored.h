// The judgment a record already carries: read again from its texts (--reparse), or asked again where it failed (--retry).
//
// Works on all kinds of judgments. Pure but for the job, which is driven like any other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/judge/job.h"

namespace rm::judge {

// Whether any sample is without a verdict or a rating.
bool has_unparsed(const records::Judgment& j);

struct Reread {
  records::Judgment judgment;
  std::vector<std::string> warnings;  // of the record, as Job::warnings()
};

// Verdicts and ratings read again with settings.verdict or settings.rate, and everything that follows from them. A stored p_a
// is kept where the sample's letter stays what it was; ratings where there is no scale to read them on. Failed samples stay
// failed. Errors: the record's shape no longer fits.
Result<Reread> reparse(const json::Value& record, const records::FieldMap& map, records::Judgment stored,
                       const Settings& s);

// Asks again for the samples without a verdict, and only for them. A trace that was cut at its length or ended without a
// verdict is closed by force: the model gets its own text back with the thought closed and the answer tag opened, and writes
// the rest (Sample::closed). A contradiction or a failed sample is asked afresh with another seed, at temperature 1 where the
// run is greedy.
Result<std::unique_ptr<Job>> retry_job(const json::Value& record, const records::FieldMap& map,
                                       records::Judgment stored, const PromptSet& prompts, const Settings& s);

// What is put behind a trace to make the model answer; `plain`: the template opened a thought for the model.
std::string forced_close(std::string_view text, std::string_view reasoning, bool plain);

}  // namespace rm::judge
