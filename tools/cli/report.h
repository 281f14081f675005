// How programs speak: messages on standard error, text on standard output, and the exit code at the end.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace rm::cli {

// "program: where: message" on standard error. A reader that went away is not reported.
void report(std::string_view program, const Error& e);
void warn(std::string_view program, std::string_view message);

// What is wrong with the command line; `where` is the flag.
Error usage(std::string message, std::string where = {});

// Standard output, all of it. Exit::kIo or kReaderGone when it cannot be written.
Result<void> print(std::string_view text);

int explain_exception(std::string_view program);  // of the exception being handled; for guarded()

// Runs `body` so that whatever is thrown becomes a message and an exit code: 6 when memory ran out, else 70.
template <class F>
int guarded(std::string_view program, F body) {
  try {
    return body();
  } catch (...) {
    return explain_exception(program);
  }
}

}  // namespace rm::cli
