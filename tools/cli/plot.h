// The verb plot of the programs that train: files of metrics in, one SVG of curves out; at a terminal a small picture in text.
#pragma once

namespace rm::cli {

// `program` has the verb behind it ("rm-distill plot").
int plot(const char* program, const char* examples, int argc, char** argv);

}  // namespace rm::cli
