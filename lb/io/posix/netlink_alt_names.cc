#include "lb/io/posix/netlink_alt_names.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include <algorithm>

namespace lb::io {
namespace {

std::string TextOf(const nlattr* attribute) {
  const auto* const text = static_cast<const char*>(nla_data(attribute));
  return {text, strnlen(text, nla_len(attribute))};
}

}  // namespace

std::vector<std::string> ReadAltNames(nlmsghdr* message) {
  std::vector<std::string> names;
  if (!nlmsg_valid_hdr(message, sizeof(ifinfomsg))) return names;
  nlattr* const list =
      nlmsg_find_attr(message, sizeof(ifinfomsg), IFLA_PROP_LIST);
  if (list == nullptr) return names;
  int rest = 0;
  nlattr* property = nullptr;
  nla_for_each_nested(property, list, rest) {
    if (nla_type(property) == IFLA_ALT_IFNAME) {
      names.push_back(TextOf(property));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace lb::io
