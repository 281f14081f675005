// Success or a described failure, returned by every fallible function of this project.
//
// An Error says what went wrong in one sentence a user can act on (what, expected, got, what to do), where it happened
// (file:line:byte, tensor or flag), and which exit code it leads to when nothing recovers from it. `reason` is the stable
// machine word that goes into failure records ("bad_json", "too_long"). Plain values: copy and move freely, any thread.
// Nothing here throws; reading the value of a failed Result is our bug and ends the program.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace rm {

// Exit codes of every program. A test holds this list and the man pages together.
enum class Exit : int {
  kDone = 0,
  kSomeFailed = 1,
  kUsage = 2,
  kInput = 3,
  kModel = 4,
  kIo = 5,
  kResources = 6,  // memory or device
  kUnavailable = 69,
  kBug = 70,
  kStopped = 75,       // TERM or USR1: saved, run again
  kInterrupted = 130,  // INT after a clean save
  kReaderGone = 141,   // closed pipe, silent
};

struct Error {
  Exit exit = Exit::kBug;
  std::string reason;   // machine word: lower case, digits, underscores
  std::string message;  // one sentence, no newline; untrusted text in it is already escaped
  std::string where;    // "pairs.jsonl:12:87", "model.safetensors: tensor x", or empty

  // "where: message", or the message alone.
  std::string text() const { return where.empty() ? message : where + ": " + message; }
};

inline Error make_error(Exit exit, std::string reason, std::string message, std::string where = {}) {
  return Error{exit, std::move(reason), std::move(message), std::move(where)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return v_.index() == 0; }
  bool ok() const { return v_.index() == 0; }

  T& operator*() & { return check(), std::get<0>(v_); }
  const T& operator*() const& { return check(), std::get<0>(v_); }
  T&& operator*() && { return check(), std::get<0>(std::move(v_)); }
  T* operator->() { return check(), &std::get<0>(v_); }
  const T* operator->() const { return check(), &std::get<0>(v_); }

  const Error& error() const {
    if (ok()) std::abort();
    return std::get<1>(v_);
  }

 private:
  void check() const {
    if (!ok()) std::abort();
  }
  std::variant<T, Error> v_;
};

// Success without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : e_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return !e_; }
  bool ok() const { return !e_; }
  const Error& error() const {
    if (!e_) std::abort();
    return *e_;
  }

 private:
  std::optional<Error> e_;
};

}  // namespace rm

// Evaluates an expression of type Result<...>; on failure returns its Error from the enclosing function.
#define RM_TRY(expr)                                       \
  do {                                                     \
    if (auto rm_r_ = (expr); !rm_r_) return rm_r_.error(); \
  } while (0)

// RM_ASSIGN(auto x, f()): like RM_TRY, then moves the value into the left-hand side.
#define RM_CONCAT_(a, b) a##b
#define RM_CONCAT(a, b) RM_CONCAT_(a, b)
#define RM_ASSIGN_(tmp, lhs, expr) \
  auto tmp = (expr);               \
  if (!tmp) return tmp.error();    \
  lhs = *std::move(tmp)
#define RM_ASSIGN(lhs, expr) RM_ASSIGN_(RM_CONCAT(rm_t_, __LINE__), lhs, expr)
