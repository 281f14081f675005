// One labelled set of several sources of pairs: what is kept, in which order, and who wins as A.
//
// A record is excluded by a condition, else dropped as a duplicate, else as contaminated, else kept. Those kept are ordered by
// a hash of their content and the seed, the same whatever file or line they came from; of a source with a cap or a weight the
// first in that order stay. In the first output the better answer stands as A, B, A, ...; in the rest as B, A, B, ... Memory: 8 to 16 bytes a
// record for de-duplication, and a bounded buffer; the rest waits in a temporary file. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/sorted_spill.h"
#include "lib/distill/contamination.h"
#include "lib/distill/hash_set.h"
#include "lib/records/condition.h"
#include "lib/records/labelled.h"
#include "lib/records/line.h"

namespace rm::distill {

enum class Dedup { kNone, kPair, kPrompt };

struct SourceRules {
  std::string name, file;
  std::optional<std::uint64_t> cap;
  std::optional<double> weight;  // given for one source, the others weigh 1
};

struct MixRules {
  std::vector<SourceRules> sources;
  std::vector<records::Condition> exclude;
  Dedup dedup = Dedup::kNone;
  std::optional<double> split;  // share of the prompts that go to the first output; empty: all
  std::uint64_t seed = 0;
  records::FieldMap map;
};

struct SourceCounts {
  std::uint64_t seen = 0, excluded = 0, duplicates = 0, contaminated = 0, failed = 0, capped = 0, kept = 0;
};
struct OutputCounts {
  std::uint64_t pairs = 0, a = 0, b = 0;
};

class Mix {
 public:
  // `benchmarks` may be null; it outlives this.
  Mix(const MixRules& rules, Contamination* benchmarks, std::size_t memory = 64u << 20);

  // One record of a source. An Error of Exit::kInput is for a failure record (counted here); others end the run. `hit` is set
  // when the record was dropped as contaminated.
  Result<void> take(std::size_t source, const records::Line& line, const json::Value& record,
                    std::optional<Contamination::Hit>& hit);
  void count_failure(std::size_t source) {
    ++counts_[source].seen, ++counts_[source].failed;
  }  // of a line that did not parse
  // A failure record: comes out last, in the first output.
  Result<void> keep_failure(std::string_view line);

  // After the last record. `put` gets each record of the first output (false) or the rest (true).
  using Put = std::function<Result<void>(bool rest, std::string_view line)>;
  Result<void> write(const Put& put);

  const std::vector<SourceCounts>& sources() const { return counts_; }
  const OutputCounts& output(bool rest) const { return outputs_[rest ? 1 : 0]; }
  std::uint64_t matched(std::size_t condition) const { return matched_[condition]; }  // records it excluded
  std::uint64_t contaminated(std::size_t file) const;
  std::uint64_t spilled() const { return kept_.spilled(); }

 private:
  Result<void> keep(std::size_t source, const records::Line& line, const records::Labelled& pair, std::uint64_t prompt,
                    std::uint64_t content);
  Result<std::vector<std::uint64_t>> quotas() const;
  Result<void> write_pair(std::string_view stored, std::vector<std::uint64_t>& left, const Put& put);

  const MixRules& rules_;
  Contamination* benchmarks_;
  SortedSpill kept_;
  HashSet seen_;
  std::vector<SourceCounts> counts_;
  std::vector<std::uint64_t> matched_, contaminated_;
  OutputCounts outputs_[2];
  std::uint64_t failures_ = 0;
  std::string stored_, out_;  // the record at hand
};

}  // namespace rm::distill
