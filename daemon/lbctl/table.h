// Table: aligned text columns for a terminal.
//
//   Table table({"NAME", "ADDRESS"});
//   table.Add({"default/web", "10.0.0.1"});
//   table.Print();  // "NAME         ADDRESS\ndefault/web  10.0.0.1\n"
#ifndef LB_DAEMON_LBCTL_TABLE_H_
#define LB_DAEMON_LBCTL_TABLE_H_

#include <string>
#include <vector>

namespace lb::lbctl {

class Table {
 public:
  explicit Table(std::vector<std::string> header);

  // REQUIRES: as many cells as the header has. An empty cell prints as "-".
  // Names come from other nodes, so cells print as config::Printable() has it.
  void Add(std::vector<std::string> cells);

  std::string Print() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // The header first.
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_TABLE_H_
