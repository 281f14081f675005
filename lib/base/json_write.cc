#include <charconv>
#include <cmath>

#include "lib/base/json.h"
#include "lib/base/utf8_scan.h"

namespace rm::json {

void append_string(std::string& out, std::string_view s) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.reserve(out.size() + s.size() + 2);
  out += '"';
  std::size_t plain = 0;  // start of the run not yet copied
  auto flush = [&](std::size_t end) { out.append(s.substr(plain, end - plain)); };
  for (std::size_t i = 0; i < s.size();) {
    const auto b = static_cast<unsigned char>(s[i]);
    if (b >= 0x20 && b < 0x80 && b != '"' && b != '\\') {
      ++i;
      continue;
    }
    if (b >= 0x80) {
      const Utf8Step step = utf8_step(s, i);
      if (!step.valid) {
        flush(i);
        out += "\xEF\xBF\xBD";
        plain = i + step.length;
      }
      i += step.length;
      continue;
    }
    flush(i);
    plain = ++i;
    out += '\\';
    switch (b) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      default:
        out += "u00";
        out += kHex[b >> 4];
        out += kHex[b & 15];
    }
  }
  flush(s.size());
  out += '"';
}

void append_number(std::string& out, double v) {
  if (!std::isfinite(v)) {
    out += "null";
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  out.append(buffer, end);
}

void Writer::comma() {
  if (need_comma_) out_ += ',';
  need_comma_ = true;
}

Writer& Writer::begin_object() {
  comma();
  out_ += '{';
  need_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  out_ += '}';
  need_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  comma();
  out_ += '[';
  need_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  out_ += ']';
  need_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view k) {
  comma();
  append_string(out_, k);
  out_ += ':';
  need_comma_ = false;
  return *this;
}

Writer& Writer::value(std::string_view s) {
  comma();
  append_string(out_, s);
  return *this;
}

Writer& Writer::value(double v) {
  comma();
  append_number(out_, v);
  return *this;
}

Writer& Writer::value(std::int64_t v) { return raw(std::to_string(v)); }
Writer& Writer::value(std::uint64_t v) { return raw(std::to_string(v)); }
Writer& Writer::value(bool v) { return raw(v ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
  comma();
  out_.append(json);
  return *this;
}

}  // namespace rm::json
