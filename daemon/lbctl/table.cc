#include "daemon/lbctl/table.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"

namespace lb::lbctl {
namespace {

std::string Printable(std::string cell) {
  if (cell.empty()) return "-";
  for (char& c : cell) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  return cell;
}

}  // namespace

Table::Table(std::vector<std::string> header) { rows_ = {std::move(header)}; }

void Table::Add(std::vector<std::string> cells) {
  LB_CHECK(cells.size() == rows_[0].size());
  for (std::string& cell : cells) cell = Printable(std::move(cell));
  rows_.push_back(std::move(cells));
}

std::string Table::Print() const {
  std::vector<size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      text += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    text += row.back() + "\n";
  }
  return text;
}

}  // namespace lb::lbctl
