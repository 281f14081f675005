// What to call the runs whose files stand on the command line.
#pragma once

#include <string>
#include <vector>

namespace rm::cli {

// The file's name without folder and suffixes (.jsonl, .json, .zst, .gz); with its folders where two files have the same name;
// "standard input" for "-". Escaped.
std::vector<std::string> run_names(const std::vector<std::string>& files);

}  // namespace rm::cli
