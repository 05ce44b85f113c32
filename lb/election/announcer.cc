#include "lb/election/announcer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace lb::election {

const Announcer* FindAnnouncer(const Announcers& announcers, Protocol protocol,
                               std::string_view node) {
  for (const Announcer& announcer : announcers) {
    if (announcer.protocol == protocol && announcer.node == node) {
      return &announcer;
    }
  }
  return nullptr;
}

bool IsAnnouncedBy(const Announcers& announcers, std::string_view node) {
  return std::any_of(
      announcers.begin(), announcers.end(),
      [&](const Announcer& announcer) { return announcer.node == node; });
}

std::vector<std::string_view> NodesOf(const Announcers& announcers) {
  std::vector<std::string_view> nodes;
  for (const Announcer& announcer : announcers) {
    if (std::find(nodes.begin(), nodes.end(), announcer.node) == nodes.end()) {
      nodes.push_back(announcer.node);
    }
  }
  return nodes;
}

std::string NodesText(const Announcers& announcers) {
  return fmt::format("{}", fmt::join(NodesOf(announcers), ","));
}

AnnouncerChange ChangeBetween(const Announcers& before,
                              const Announcers& after) {
  AnnouncerChange change;
  for (const Announcer& announcer : after) {
    (FindAnnouncer(before, announcer.protocol, announcer.node) == nullptr
         ? change.came
         : change.stayed)
        .push_back(announcer);
  }
  for (const Announcer& announcer : before) {
    if (FindAnnouncer(after, announcer.protocol, announcer.node) == nullptr) {
      change.went.push_back(announcer);
    }
  }
  return change;
}

}  // namespace lb::election
