// The one stop flag of the process, set by signals and polled by every loop.
//
// TERM and USR1 ask to save and stop (exit 75), INT to stop after a clean save (130); a second one of any stops at once.
// PIPE is ignored: writers see EPIPE and return Exit::kReaderGone. So is XFSZ: beyond a limit on file sizes a write fails as
// any other does, and is told. The flag is lock-free and safe from handlers and threads.
#pragma once

#include "lib/base/result.h"

namespace rm::signals {

void install();             // once, at the start of main
bool stop_requested();      // polled between units of work
Exit stop_exit();           // kStopped, kInterrupted, or kDone if none was asked for
Error stop_error();         // an Error with stop_exit(), for unwinding a loop
void request_stop(Exit e);  // as if a signal had come; for tests and servers

// For a server: from now on the first signal asks to finish what has begun, and only the next one to stop.
void drain_first();
bool drain_requested();

}  // namespace rm::signals
