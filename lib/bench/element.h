// Fields of benchmark elements, or what is wrong with them. Internal to the readers of benchmark files.
#pragma once

#include <string>

#include "lib/base/json.h"
#include "lib/base/result.h"

namespace rm::bench {

Error element_error(std::string reason, std::string message);
// The field, which must be there and of the type.
Result<json::Value> member(const json::Value& element, const char* field, json::Type type);
// An id as text: a string that is not empty, or a number as it is written.
Result<std::string> identity(const json::Value& element, const char* field);

}  // namespace rm::bench
