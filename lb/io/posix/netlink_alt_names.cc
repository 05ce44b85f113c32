#include "lb/io/posix/netlink_alt_names.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/route/rtnl.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

namespace lb::io {
namespace {

using Callbacks = std::unique_ptr<nl_cb, FreedBy<&nl_cb_put>>;

std::string TextOf(const nlattr* attribute) {
  const auto* const text = static_cast<const char*>(nla_data(attribute));
  return {text, strnlen(text, nla_len(attribute))};
}

int OnLink(nl_msg* message, void* names) {
  nlmsghdr* const header = nlmsg_hdr(message);
  if (!nlmsg_valid_hdr(header, sizeof(ifinfomsg))) return NL_SKIP;
  const auto* const link = static_cast<const ifinfomsg*>(nlmsg_data(header));
  nlattr* const list =
      nlmsg_find_attr(header, sizeof(ifinfomsg), IFLA_PROP_LIST);
  if (list == nullptr) return NL_OK;
  std::vector<std::string>& of_link =
      (*static_cast<AltNames*>(names))[link->ifi_index];
  int rest = 0;
  nlattr* property = nullptr;
  nla_for_each_nested(property, list, rest) {
    if (nla_type(property) == IFLA_ALT_IFNAME) {
      of_link.push_back(TextOf(property));
    }
  }
  std::sort(of_link.begin(), of_link.end());
  return NL_OK;
}

}  // namespace

absl::StatusOr<AltNames> ReadAltNames(nl_sock* socket) {
  AltNames names;
  nl_cb* const of_socket = nl_socket_get_cb(socket);
  const Callbacks callbacks(nl_cb_clone(of_socket));
  nl_cb_put(of_socket);
  if (callbacks == nullptr) return NetlinkError("reading names", -NLE_NOMEM);
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, &OnLink, &names);
  int error = nl_rtgen_request(socket, RTM_GETLINK, AF_UNSPEC, NLM_F_DUMP);
  if (error >= 0) error = nl_recvmsgs(socket, callbacks.get());
  if (error < 0) return NetlinkError("reading names", error);
  return names;
}

}  // namespace lb::io
