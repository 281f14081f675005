// Opens what the model flags ask for: a local model, one or more servers, or the results of a batch.
//
// Nothing is loaded or connected here; that happens at the first request.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "tools/cli/flags.h"

namespace rm::cli {

bool is_url(const std::string& model);

// The models of -m with every @FILE replaced by its lines (blank ones and # comments left out). Exit::kUsage.
Result<std::vector<std::string>> expand_models(const std::vector<std::string>& given);

// `stream`: ask servers to send the text as it is written. `notice` gets what is odd but no error. Exit::kUsage where flags
// contradict each other.
Result<std::unique_ptr<generate::Generator>> open_generator(const Model& m, bool stream,
                                                            const std::function<void(const std::string&)>& notice);

}  // namespace rm::cli
