// Whether the prompt of a pair holds an item of a benchmark, by overlap of words.
//
// As Tülu 3 (arXiv:2411.15124, section 3.2) decides it: a word of the item counts as found when it lies in eight words in a row
// that the prompt holds too, and the prompt is contaminated by an item of which more than half the words are found. An item of
// fewer than eight words has to be a whole turn of the prompt. Users' turns are compared, never answers: refusals and other
// formulas would match each other. Memory grows with the benchmark, not with what is checked. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/text/chat.h"

namespace rm::distill {

class Contamination {
 public:
  static constexpr std::size_t kGram = 8;  // words in a row

  // One item; `number` is its place in `file`.
  void add(std::size_t file, std::uint64_t number, std::span<const text::Message> prompt);
  // All items of a benchmark's file (a JSON list or lines), or of the .json files of a folder. Exit::kInput for what has no
  // prompt: a set that was not checked must not pass for one that was.
  Result<void> read(const std::string& path);

  struct Hit {
    std::size_t file;  // of files()
    std::uint64_t number;
    double share;  // of the item's words
  };
  // The item with the largest share; the earlier one of equals.
  std::optional<Hit> find(std::span<const text::Message> prompt);

  struct File {
    std::string name;  // as given, or the file within a folder
    std::uint64_t items = 0;
  };
  const std::vector<File>& files() const { return files_; }
  bool empty() const { return items_.empty(); }

 private:
  struct Item {
    std::size_t file;
    std::uint64_t number;
    std::uint32_t words;
  };
  struct Place {
    std::uint32_t item, at;  // the first word of the row
    std::uint32_t next;      // of the same row elsewhere; kNone: the last
  };
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  std::optional<Hit> find_short(std::span<const text::Message> prompt);

  std::vector<File> files_;
  std::vector<Item> items_;
  std::vector<Place> places_;
  std::unordered_map<std::uint64_t, std::uint32_t> rows_;    // hash of eight words: the first of places_
  std::unordered_map<std::uint64_t, std::uint32_t> shorts_;  // hash of all words: the item
  std::vector<std::uint64_t> words_;                         // of the prompt at hand
  std::unordered_map<std::uint32_t, std::vector<bool>> found_;
};

}  // namespace rm::distill
