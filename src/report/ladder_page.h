// A text ladder line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/ladder_rows.h"

namespace twlab::report {

class LadderPage {
 public:
  // The ladder must outlive it. With colours, what stands in a line keeps its place.
  LadderPage(const Ladder& ladder, const LadderOptions& options);

  // The hosts above their lifelines.
  std::string head() const;
  // The lines of one row, which is one of the ladder's. A growing ladder's arrow that has not
  // arrived may be under way; otherwise it is lost.
  std::string row(const Row& row, bool growing = false);

 private:
  void line(std::string text);
  void full(const std::string& time, const Row& row, const std::vector<std::string>& spans,
            char life = '|');
  void across(const std::string& words);
  std::string paint(std::string_view code, const std::string& text) const;
  std::string cell(const Row& row, size_t lifeline, bool at_left) const;
  std::string draw(const Arrow& arrow, char under_way) const;
  std::vector<std::string> arrivals(const Row& row, std::vector<std::string> spans) const;

  const Ladder& ladder_;
  size_t spans_, columns_, between_, edge_, span_;
  bool colour_;
  std::string out_;
};

}  // namespace twlab::report
