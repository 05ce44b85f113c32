#include "daemon/status_view/withheld.h"

#include <fmt/format.h>

#include <string>

#include "daemon/status_view/timestamp.h"
#include "lb/config/printable.h"

namespace lb {

void DescribeWithheld(const Agent& agent, const ipam::Assignment& assignment,
                      status::v1::Service& service) {
  std::string reason;
  for (const auto& assigned : assignment.addresses) {
    for (const Withheld& withheld :
         agent.announcing().WithheldOf(assigned.address)) {
      auto* described = service.add_withheld();
      described->set_address(assigned.address.ToString());
      described->set_interface(config::Printable(withheld.interface));
      described->set_by_mac(withheld.mac.ToString());
      described->set_by_node(config::Printable(withheld.node.value_or("")));
      SetTimestamp(agent.ToCivil(withheld.since), described->mutable_since());
      described->set_text(config::Printable(withheld.ToString()));
      reason += fmt::format("{}{} withheld: {}", reason.empty() ? "" : "; ",
                            described->address(), described->text());
    }
  }
  if (!reason.empty()) service.set_reason(reason);
}

std::string WithheldSentence(const Agent& agent, const net::IpAddress& vip) {
  std::string sentence;
  for (const Withheld& withheld : agent.announcing().WithheldOf(vip)) {
    sentence += fmt::format("; withheld here: {}",
                            config::Printable(withheld.ToString()));
  }
  return sentence;
}

}  // namespace lb
