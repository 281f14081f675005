#include <array>

#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {
namespace {

struct Layout {
  const char* name;
  std::size_t elements, bytes;
};

// In the order of DType. Block layouts: the GGUF specification.
constexpr std::array<Layout, 11> kLayouts = {{{"F32", 1, 4},
                                              {"F16", 1, 2},
                                              {"BF16", 1, 2},
                                              {"Q4_0", 32, 18},
                                              {"Q4_1", 32, 20},
                                              {"Q5_0", 32, 22},
                                              {"Q5_1", 32, 24},
                                              {"Q8_0", 32, 34},
                                              {"Q4_K", 256, 144},
                                              {"Q5_K", 256, 176},
                                              {"Q6_K", 256, 210}}};

const Layout& layout(DType t) { return kLayouts[static_cast<std::size_t>(t)]; }

}  // namespace

const char* name(DType t) { return layout(t).name; }
std::size_t block_elements(DType t) { return layout(t).elements; }
std::size_t block_bytes(DType t) { return layout(t).bytes; }

}  // namespace rm::weightfile
