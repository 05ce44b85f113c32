#include "daemon/lbctl/table.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
namespace {

// Counts characters, as a terminal does except for double width. REQUIRES:
// UTF-8.
size_t WidthOf(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
}

}  // namespace

std::string Paint(const std::string& text, Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return text;
    case Colour::kGreen:
      return "\x1b[32m" + text + "\x1b[0m";
    case Colour::kYellow:
      return "\x1b[33m" + text + "\x1b[0m";
    case Colour::kRed:
      return "\x1b[31m" + text + "\x1b[0m";
  }
  LB_UNREACHABLE();
}

Table::Table(std::vector<std::string> header) {
  rows_.emplace_back(header.begin(), header.end());
}

void Table::Add(std::vector<Cell> cells) {
  LB_CHECK(cells.size() == rows_[0].size());
  for (Cell& cell : cells) {
    cell.text = cell.text.empty() ? "-" : config::Printable(cell.text);
  }
  rows_.push_back(std::move(cells));
}

std::string Table::Print(bool colours) const {
  std::vector<size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], WidthOf(row[i].text));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += colours ? Paint(row[i].text, row[i].colour) : row[i].text;
      const bool last = i + 1 == row.size();
      text +=
          last ? "\n" : std::string(widths[i] - WidthOf(row[i].text) + 2, ' ');
    }
  }
  return text;
}

}  // namespace lb::lbctl
