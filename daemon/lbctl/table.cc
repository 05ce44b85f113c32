#include "daemon/lbctl/table.h"

#include <algorithm>
#include <utility>

#include "lb/base/check.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
Table::Table(std::vector<std::string> header) { rows_ = {std::move(header)}; }

void Table::Add(std::vector<std::string> cells) {
  LB_CHECK(cells.size() == rows_[0].size());
  for (std::string& cell : cells) {
    cell = cell.empty() ? "-" : config::Printable(cell);
  }
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
