// Table: aligned text columns for a terminal.
//
//   Table table({"NAME", "STATE"});
//   table.Add({"n1", {"dead", Colour::kRed}});
//   table.Print(/*colours=*/false);  // "NAME  STATE\nn1    dead\n"
#ifndef LB_DAEMON_LBCTL_TABLE_H_
#define LB_DAEMON_LBCTL_TABLE_H_

#include <string>
#include <utility>
#include <vector>

namespace lb::lbctl {

enum class Colour { kNone, kGreen, kYellow, kRed };

// Returns `text` with the codes of that colour, for a terminal.
std::string Paint(const std::string& text, Colour colour);

struct Cell {
  Cell(std::string text, Colour colour = Colour::kNone)  // NOLINT: so short.
      : text(std::move(text)), colour(colour) {}
  Cell(const char* text) : text(text) {}  // NOLINT

  std::string text;
  Colour colour = Colour::kNone;
};

class Table {
 public:
  explicit Table(std::vector<std::string> header);

  // REQUIRES: `cells` has as many cells as the header. An empty cell prints as
  // "-". Other nodes choose names, so cells print through config::Printable().
  void Add(std::vector<Cell> cells);

  std::string Print(bool colours) const;

 private:
  std::vector<std::vector<Cell>> rows_;  // The header first.
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_TABLE_H_
