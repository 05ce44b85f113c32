#include "daemon/status_view/withheld.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "daemon/problems/withholding.h"
#include "daemon/status_view/timestamp.h"
#include "lb/config/printable.h"

namespace lb {

WithheldList DescribeWithheld(const NodeView& view, const std::string& service,
                              const ipam::Assignment& assignment) {
  WithheldList list;
  for (const auto& assigned : assignment.addresses) {
    for (const Withholding& withheld :
         FindWithholdings(view, service, assigned.address)) {
      auto* described = list.Add();
      described->set_address(withheld.address.ToString());
      described->set_interface(config::Printable(withheld.interface));
      if (withheld.mac) described->set_by_mac(withheld.mac->ToString());
      described->set_by_node(config::Printable(withheld.member));
      SetTimestamp(withheld.since, described->mutable_since());
      described->set_text(config::Printable(withheld.text));
      described->set_remedy(config::Printable(withheld.remedy));
    }
  }
  return list;
}

std::string WithheldReason(const WithheldList& list) {
  std::string reason;
  for (const status::v1::Withheld& withheld : list) {
    if (!reason.empty()) reason += "; ";
    // The text of an address that is owned begins with it.
    reason += withheld.interface().empty()
                  ? fmt::format("withheld: {}", withheld.text())
                  : fmt::format("{} withheld: {}", withheld.address(),
                                withheld.text());
  }
  return reason;
}

bool IsAllWithheld(const WithheldList& list,
                   const ipam::Assignment& assignment) {
  std::set<std::string> withheld;
  for (const auto& one : list) withheld.insert(one.address());
  return std::all_of(assignment.addresses.begin(), assignment.addresses.end(),
                     [&](const auto& assigned) {
                       return withheld.contains(assigned.address.ToString());
                     });
}

}  // namespace lb
