#include <array>
#include <cstddef>

#include "fmt/format.h"
#include "tests/tidy/rows.h"
#include "tests/tidy/rules.h"
#include "tests/tidy/text.h"

namespace lb::tidy {
namespace {

struct Row {
  std::string_view folder;
  int number;
};

constexpr std::array kRows = {
    Row{"lb/base", 0},       Row{"lb/net", 1},      Row{"lb/replication", 1},
    Row{"lb/io", 2},         Row{"lb/ipam", 3},     Row{"lb/gossip", 3},
    Row{"lb/election", 3},   Row{"lb/announce", 3}, Row{"lb/bfd", 3},
    Row{"lb/bgp", 3},        Row{"lb/history", 3},  Row{"lb/http", 3},
    Row{"lb/config", 4},     Row{"lb/admin", 4},    Row{"lb/status", 4},
    Row{"lb/kubernetes", 4}, Row{"daemon", 5},      Row{"examples", 6},
    Row{"tests", 6},
};

const Row* FindRow(std::string_view path) {
  for (const Row& row : kRows) {
    if (path.starts_with(fmt::format("{}/", row.folder))) return &row;
  }
  return nullptr;
}

// Headers of the kernel's interfaces and of what wraps them.
constexpr std::array<std::string_view, 13> kSocketHeaders = {
    "arpa/",       "asio",     "ifaddrs.h",    "linux/",     "net/",
    "netdb.h",     "netinet/", "netlink/",     "netpacket/", "pcap",
    "sys/epoll.h", "sys/un.h", "sys/socket.h",
};

bool MayOpenSockets(const SourceFile& file) {
  return file.IsBelow("lb/io/posix") || file.IsBelow("tests/netns") ||
         file.IsBelow("tests/interop");
}

// "lb/net/arp.h" of `#include "lb/net/arp.h"`; empty if `line` is none.
std::string_view IncludedPath(std::string_view line) {
  line = Trim(line);
  if (!line.starts_with("#include ")) return {};
  line.remove_prefix(line.find_first_of("\"<") + 1);
  return line.substr(0, line.find_first_of("\">"));
}

bool IsOurs(std::string_view path) {
  for (const std::string_view top : {"lb/", "daemon/", "examples/", "tests/"}) {
    if (path.starts_with(top)) return true;
  }
  return false;
}

// Empty: `file` may include it.
std::string JudgeRow(const SourceFile& file, std::string_view included) {
  const Row* from = FindRow(file.path);
  const Row* to = FindRow(included);
  if (from == nullptr || to == nullptr) {
    return fmt::format(
        "{} has no row: give its folder one in the table of "
        "tests/tidy/includes.cc",
        from == nullptr ? file.path : included);
  }
  if (to->number > from->number) {
    return fmt::format(
        "row {} includes {} of row {}: hand the value down, or move the code "
        "up",
        from->number, included, to->number);
  }
  if (from->number == 3 && to->number == 3 && from->folder != to->folder) {
    return fmt::format(
        "{} includes its sibling {}: let the daemon translate the value",
        from->folder, to->folder);
  }
  if (from->number == 3 && included == "lb/io/environment.h" &&
      !file.IsTestOrBenchmark()) {
    return "a library takes its own Ports; the daemon has the Environment";
  }
  return {};
}

}  // namespace

std::optional<int> RowOf(std::string_view path) {
  const Row* row = FindRow(path);
  if (row == nullptr) return std::nullopt;
  return row->number;
}

std::vector<Finding> CheckIncludes(const SourceFile& file) {
  std::vector<Finding> findings;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    // The code says whether it is one; there the path is blanked.
    if (!Contains(file.code[i], "#include")) continue;
    const std::string_view included = IncludedPath(file.lines[i]);
    const int line = static_cast<int>(i) + 1;
    if (IsOurs(included)) {
      std::string message = JudgeRow(file, included);
      if (message.empty()) continue;
      findings.push_back({"row", file.path, line, std::move(message)});
      continue;
    }
    if (included.starts_with("absl/log/")) {
      findings.push_back({"log", file.path, line,
                          "Debian's Abseil has no log: LB_CHECK of "
                          "lb/base/check.h, EventLog, daemon/log.h"});
    }
    if (MayOpenSockets(file)) continue;
    for (const std::string_view header : kSocketHeaders) {
      if (!included.starts_with(header)) continue;
      findings.push_back(
          {"socket", file.path, line,
           fmt::format("{}: reach the network through the interfaces of lb/io",
                       included)});
    }
  }
  return findings;
}

}  // namespace lb::tidy
