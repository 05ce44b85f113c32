#include "lb/io/posix/kernel_address.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "fmt/format.h"

namespace lb::io {
namespace {

using Message = std::unique_ptr<nl_msg, FreedBy<&nlmsg_free>>;
using Attributes = std::array<nlattr*, IFA_MAX + 1>;

constexpr std::string_view kLabelEnd = ":lbd";

std::string LabelOf(const std::string& interface) {
  const size_t room = IFNAMSIZ - 1 - kLabelEnd.size();
  return interface.substr(0, room).append(kLabelEnd);
}

std::string PlaceOf(const HostAddress& host) {
  return fmt::format("address {} on {}", host.address.ToString(),
                     host.interface);
}

bool IsMarked(int family, const Attributes& attributes) {
  if (family == AF_INET) {
    const nlattr* label = attributes[IFA_LABEL];
    return label != nullptr &&
           std::string_view(nla_get_string(label)).ends_with(kLabelEnd);
  }
  const nlattr* protocol = attributes[IFA_PROTO];
  const nlattr* priority = attributes[IFA_RT_PRIORITY];
  return (protocol != nullptr && nla_get_u8(protocol) == kAddressProtocol) ||
         (priority != nullptr && nla_get_u32(priority) == kAddressPriority);
}

int OnAddress(nl_msg* message, void* found) {
  if (auto address = ReadAddress(nlmsg_hdr(message))) {
    static_cast<std::vector<KernelAddress>*>(found)->push_back(*address);
  }
  return NL_OK;
}

// A request about `host`; attributes may follow.
Message MakeRequest(int type, int flags, const HostAddress& host) {
  Message message(nlmsg_alloc_simple(type, flags));
  const bool is_ipv4 = host.address.is_ipv4();
  ifaddrmsg header = {};
  header.ifa_family = is_ipv4 ? AF_INET : AF_INET6;
  header.ifa_prefixlen =
      static_cast<uint8_t>(net::BitCount(host.address.family()));
  header.ifa_scope = is_ipv4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  header.ifa_index = static_cast<uint32_t>(host.index);
  if (!is_ipv4) header.ifa_flags = IFA_F_NODAD;
  const std::vector<uint8_t> bytes = host.address.ToBytes();
  const int size = static_cast<int>(bytes.size());
  // It has room for a page.
  nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  nla_put(message.get(), IFA_LOCAL, size, bytes.data());
  nla_put(message.get(), IFA_ADDRESS, size, bytes.data());
  if (is_ipv4) {
    nla_put_string(message.get(), IFA_LABEL, LabelOf(host.interface).c_str());
  }
  return message;
}

// Is there the IPv6 address, with the mark? An error number of libnl, or 0.
int FindMarkedIpv6(nl_sock* socket, const HostAddress& host, bool* marked) {
  const Message request = MakeRequest(RTM_GETADDR, /*flags=*/0, host);
  std::vector<KernelAddress> found;
  int error = nl_send_auto(socket, request.get());
  if (error >= 0) error = Receive(socket, &OnAddress, &found);
  if (error < 0) return error;
  *marked = found.size() == 1 && found[0].marked &&
            found[0].prefix.length == net::BitCount(net::IpFamily::kIpv6);
  return nl_wait_for_ack(socket);
}

}  // namespace

std::optional<KernelAddress> ReadAddress(nlmsghdr* event) {
  Attributes attributes = {};
  const bool is_address =
      event->nlmsg_type == RTM_NEWADDR || event->nlmsg_type == RTM_DELADDR;
  if (!is_address || nlmsg_parse(event, sizeof(ifaddrmsg), attributes.data(),
                                 IFA_MAX, nullptr) < 0) {
    return std::nullopt;
  }
  const auto& message = *static_cast<const ifaddrmsg*>(nlmsg_data(event));
  const nlattr* local = attributes[IFA_LOCAL] != nullptr
                            ? attributes[IFA_LOCAL]
                            : attributes[IFA_ADDRESS];
  if (local == nullptr) return std::nullopt;
  const auto address =
      net::IpAddress::FromBytes({static_cast<const uint8_t*>(nla_data(local)),
                                 static_cast<size_t>(nla_len(local))});
  if (!address.ok()) return std::nullopt;
  const uint32_t flags = attributes[IFA_FLAGS] != nullptr
                             ? nla_get_u32(attributes[IFA_FLAGS])
                             : message.ifa_flags;
  return KernelAddress{
      .interface = static_cast<int>(message.ifa_index),
      .prefix = {.address = *address, .length = message.ifa_prefixlen},
      .tentative = (flags & IFA_F_TENTATIVE) != 0,
      .marked = IsMarked(message.ifa_family, attributes)};
}

absl::StatusOr<std::vector<KernelAddress>> ReadAddresses(nl_sock* socket) {
  std::vector<KernelAddress> found;
  const int error = Dump(socket, RTM_GETADDR, &OnAddress, &found);
  if (error < 0) return NetlinkError("reading addresses", error);
  return found;
}

absl::Status AddMarked(nl_sock* socket, const HostAddress& host) {
  Message request = MakeRequest(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, host);
  nla_put_u8(request.get(), IFA_PROTO, kAddressProtocol);
  if (host.address.is_ipv6()) {
    nla_put_u32(request.get(), IFA_RT_PRIORITY, kAddressPriority);
  }
  const int error = nl_send_sync(socket, request.release());
  if (error >= 0 || error == -NLE_EXIST) return absl::OkStatus();
  return NetlinkError(PlaceOf(host), error);
}

absl::Status DeleteMarked(nl_sock* socket, const HostAddress& host) {
  int error = 0;
  bool marked = true;  // IPv4: the kernel compares the label.
  if (host.address.is_ipv6()) error = FindMarkedIpv6(socket, host, &marked);
  if (error >= 0 && marked) {
    error = nl_send_sync(socket,
                         MakeRequest(RTM_DELADDR, /*flags=*/0, host).release());
  }
  const bool is_gone =
      error >= 0 || error == -NLE_NOADDR || error == -NLE_NODEV;
  return is_gone ? absl::OkStatus() : NetlinkError(PlaceOf(host), error);
}

}  // namespace lb::io
