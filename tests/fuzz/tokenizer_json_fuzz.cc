// Fuzzes tokenizer.json and tokenizer_config.json; what is accepted goes on to the tokenizer.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/text/tokenizer.h"
#include "lib/weightfile/tokenizer_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace wf = rm::weightfile;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  wf::TextSource s;
  (void)wf::apply_tokenizer_config(text, s);
  auto v = wf::vocab_from_json(text);
  if (!v) return 0;
  const auto t = rm::text::Tokenizer::make(*std::move(v));
  if (!t) return 0;
  rm::text::Ids ids;
  t->encode_text(text, ids);
  t->encode_control(text, ids);
  (void)t->decode(ids, true);
  return 0;
}
