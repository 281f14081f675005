// Whose a folder is, before a run writes into it.
#include "lib/weightfile/out_folder.h"

#include <doctest/doctest.h>

#include "tests/lib/weightfile/write_helpers.h"

using namespace rm;
using namespace rm::weightfile;
using namespace rm::weightfile::testing;

TEST_CASE("a folder that holds a model or an adapter is refused and left as it is; any other is not") {
  for (const char* name :
       {"config.json", "tokenizer.json", "adapter_config.json", "model.safetensors", "model-00001-of-00002.safetensors",
        "adapter_model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "model.gguf"}) {
    CAPTURE(name);
    const TempFolder t;
    t.write(name, "theirs");
    t.write("notes.txt", "theirs");
    const auto r = refuse_model_folder(t.path());
    REQUIRE(!r.ok());
    CHECK(r.error().exit == Exit::kUsage);
    CHECK(r.error().message.find(name) != std::string::npos);
    CHECK(files_in(t.path()).size() == 2);
    CHECK(slurp(t.at(name)) == "theirs");
  }
  const TempFolder t;
  CHECK(refuse_model_folder(t.path()).ok());
  t.write("metrics.jsonl", "");
  t.write(".lock", "");
  CHECK(refuse_model_folder(t.path()).ok());
  CHECK(refuse_model_folder(t.at("missing")).ok());
  CHECK(refuse_model_folder(t.at("metrics.jsonl")).ok());  // no folder: whoever makes it will say so
}
