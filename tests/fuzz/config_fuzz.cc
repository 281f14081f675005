// Fuzzes config.json, generation_config.json and adapter_config.json; what is accepted must make a plan of sane size.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/weightfile/lora.h"
#include "lib/weightfile/weight_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace wf = rm::weightfile;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)wf::lora_config_from_json(text);
  const auto c = wf::config_from_json(text, size > 1 ? text.substr(size / 2) : text);
  const auto alone = wf::config_from_json(text, "");
  if (c && !alone) std::abort();
  if (!alone) return 0;
  if (!wf::check(*alone)) std::abort();
  for (const wf::Planned& p : wf::plan(*alone))
    if (p.shape.empty() || p.shape.size() > 2) std::abort();
  return 0;
}
