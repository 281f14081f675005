// What is odd about a record, without changing it: named in the record's `warnings`. Pure; linear in the texts.
#pragma once

#include <string>
#include <vector>

#include "lib/records/candidates.h"
#include "lib/records/pair.h"

namespace rm::judge {

// "same_answers"; "hidden_characters" (zero-width, bidirectional or tag characters, which a reader does not see);
// "verdict_in_answer" (an answer holds verdict or think tags: it speaks to the judge). Empty: nothing odd.
std::vector<std::string> oddities(const records::Pair& p);
std::vector<std::string> oddities(const records::Candidates& c);

}  // namespace rm::judge
