// Announcer: a node that announces a service's addresses, and how.
//
// A service has a list of them: on layer 2 at most one, as an election makes
// one node answer for an address; by a routing protocol as many as may announce
// it. So the users of a list ask which announcers came and which went, never
// which node "the" announcer is.
//
// Values and pure functions; any thread.
//
//   const AnnouncerChange change = ChangeBetween(before, after);
//   for (const Announcer& announcer : change.came) Show(announcer.node);
#ifndef LB_ELECTION_ANNOUNCER_H_
#define LB_ELECTION_ANNOUNCER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace lb::election {

enum class Protocol : uint8_t {
  kLayer2,  // ARP and NDP.
  kBgp,
};

struct Announcer {
  Protocol protocol = Protocol::kLayer2;
  std::string node;
  std::vector<std::string> interfaces =
      {};  // Sorted; empty: all of the node's.
  // As L2Advertisement has it.
  std::optional<absl::Duration> refresh = {};

  friend bool operator==(const Announcer&, const Announcer&) = default;
};

// By protocol and node, each pair once. Empty: no node announces the service.
using Announcers = std::vector<Announcer>;

// The announcer on `node` by `protocol`; nullptr: there is none.
const Announcer* FindAnnouncer(const Announcers& announcers, Protocol protocol,
                               std::string_view node);

// Does `node` announce by any protocol?
bool IsAnnouncedBy(const Announcers& announcers, std::string_view node);

// The nodes, each once, in the order of the list. Valid as long as it is.
std::vector<std::string_view> NodesOf(const Announcers& announcers);
// The same as "n1,n2"; empty: none.
std::string NodesText(const Announcers& announcers);

// How a list differs from the one before it. An announcer with other interfaces
// than before stays.
struct AnnouncerChange {
  Announcers came;    // As they are now.
  Announcers went;    // As they were.
  Announcers stayed;  // As they are now.
};

AnnouncerChange ChangeBetween(const Announcers& before,
                              const Announcers& after);

}  // namespace lb::election

#endif  // LB_ELECTION_ANNOUNCER_H_
