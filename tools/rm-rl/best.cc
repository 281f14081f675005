#include "tools/rm-rl/best.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/atomic_file.h"
#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "tools/train/result.h"

namespace rm::rmrl {
namespace {

constexpr std::size_t kMostBytes = 4096;  // of validation.json, which has fifty

}  // namespace

std::string Best::folder() const { return o_.common.out + (o_.common.out.ends_with('/') ? "" : "/") + "best"; }

Result<void> Best::find(std::int64_t step) {
  const std::string file = folder() + "/validation.json";
  if (!fd::kind_of_path(file)) return {};
  RM_ASSIGN(const std::string text, fd::read_file(file, kMostBytes));
  json::Document doc;
  const auto top = doc.parse(text);
  const auto find = [&](const char* key) { return top ? top->find(key).value_or(json::Value()) : json::Value(); };
  const std::int64_t at = find("step").integer().value_or(-1);
  const auto accuracy = find("verdict_accuracy").number();
  if (at >= 0 && at <= step && accuracy) step_ = at, accuracy_ = *accuracy;  // anything else is replaced in time
  return {};
}

Result<void> Best::offer(std::int64_t step, double accuracy, const traincli::Base& base, const tune::Trainer& trainer) {
  if (o_.val_every == 0 || step == 0 || (step_ && accuracy <= accuracy_)) return {};
  // A label must not outlive what it was the label of.
  const std::string label = folder() + "/validation.json";
  if (::unlink(label.c_str()) != 0 && errno != ENOENT) {
    const int code = errno;  // before anything that may change it
    return make_error(Exit::kIo, "cannot_write", std::string("cannot be replaced: ") + std::strerror(code),
                      escape_text(label));
  }
  RM_TRY(traincli::write_result(o_, folder(), *base.file, trainer));
  std::string out;
  json::Writer w(out);
  w.begin_object().member("step", step).member("verdict_accuracy", accuracy).end_object();
  RM_TRY(write_file_atomically(label, out + "\n"));
  step_ = step;
  accuracy_ = accuracy;
  return {};
}

}  // namespace rm::rmrl
