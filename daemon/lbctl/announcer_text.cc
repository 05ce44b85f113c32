#include "daemon/lbctl/announcer_text.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "daemon/lbctl/format.h"

namespace lb::lbctl {
namespace {

using status::v1::Announcer;

bool IsByBgp(const Announcer& announcer) {
  return announcer.protocol() == Announcer::PROTOCOL_BGP;
}

// "first" or "second", or both with a space between.
std::string Both(std::string first, const std::string& second) {
  if (!first.empty() && !second.empty()) first += ' ';
  return first + second;
}

}  // namespace

std::string NodesText(const status::v1::Service& service) {
  std::vector<std::string> layer2, bgp;
  for (const Announcer& announcer : service.announcers()) {
    (IsByBgp(announcer) ? bgp : layer2).push_back(announcer.node());
  }
  return Both(absl::StrJoin(layer2, ","),
              bgp.empty() ? "" : "BGP:" + absl::StrJoin(bgp, ","));
}

std::string InterfacesText(const status::v1::Service& service) {
  std::vector<std::string> interfaces;
  std::set<std::string> peers;
  for (const Announcer& announcer : service.announcers()) {
    if (IsByBgp(announcer)) {
      peers.insert(announcer.peers().begin(), announcer.peers().end());
      continue;
    }
    interfaces.push_back(announcer.interfaces().empty()
                             ? "all"
                             : absl::StrJoin(announcer.interfaces(), ","));
  }
  return Both(absl::StrJoin(interfaces, ";"),
              peers.empty() ? "" : "peers:" + absl::StrJoin(peers, ","));
}

std::string SinceText(const status::v1::Service& service) {
  std::vector<std::string> times;
  for (const Announcer& announcer : service.announcers()) {
    if (announcer.has_since()) times.push_back(FormatTime(announcer.since()));
  }
  return absl::StrJoin(times, ", ");
}

}  // namespace lb::lbctl
