// config.json and generation_config.json: made of a configuration, or a given one with its stored type changed.
//
// What is written here, config_from_json reads back as the same configuration (RoPE divisors of a GGUF as the llama3
// formula they came from). Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/weightfile/config.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

// "bfloat16", as configs name a type.
const char* torch_name(DType t);

// `pad` is the padding token's id, or -1. Exit::kModel for what no config.json can say.
Result<std::string> config_to_json(const ModelConfig& c, DType dtype, std::int32_t pad);
std::string generation_config_to_json(const ModelConfig& c, std::int32_t pad);

// The text of a config.json with its "dtype" or "torch_dtype" set; every other byte stays as it is. Exit::kModel.
Result<std::string> config_with_dtype(std::string_view config_json, DType dtype);

// The llama3 formula whose divisors these are. Exit::kModel where there is none.
Result<RopeScaling> llama3_of_factors(const RopeScaling& factors, const ModelConfig& c);

}  // namespace rm::weightfile
