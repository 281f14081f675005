// The `vet` field of a record: whether judging by its rubric comes to its label.
#pragma once

#include <optional>
#include <string>

#include "lib/base/json.h"
#include "lib/records/judgment.h"

namespace rm::records {

struct Vet {
  bool kept = false;
  std::string reason = "kept";  // kept, wrong, order, no_verdict, no_gain
  std::optional<double>
      gain;                // support of the label with the rubric, less that without; null where either has no verdict
  Judgment with, without;  // of the same answers in the same orders
};

void write_vet(json::Writer& w, const Vet& v);  // the object alone

}  // namespace rm::records
