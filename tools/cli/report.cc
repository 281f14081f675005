#include "tools/cli/report.h"

#include <exception>
#include <new>

#include "lib/base/escape.h"
#include "lib/base/fd.h"

namespace rm::cli {

void warn(std::string_view program, std::string_view message) {
  std::string line(program);
  line += ": ";
  line += message;
  line += '\n';
  (void)fd::write_all(2, line, "");
}

void report(std::string_view program, const Error& e) {
  if (e.exit != Exit::kReaderGone) warn(program, e.text());
}

Error usage(std::string message, std::string where) {
  return make_error(Exit::kUsage, "usage", std::move(message), std::move(where));
}

Result<void> print(std::string_view text) { return fd::write_all(1, text, ""); }

int explain_exception(std::string_view program) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    warn(program, "out of memory; use a smaller --batch, --context or model");
    return static_cast<int>(Exit::kResources);
  } catch (const std::exception& e) {
    warn(program, "internal error, please report it: " + escape_text(e.what()));
  } catch (...) {
    warn(program, "internal error, please report it");
  }
  return static_cast<int>(Exit::kBug);
}

}  // namespace rm::cli
