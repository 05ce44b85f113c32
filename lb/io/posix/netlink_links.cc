#include "lb/io/posix/netlink_links.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/link.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "asio/io_context.hpp"
#include "asio/posix/stream_descriptor.hpp"
#include "lb/base/status_macros.h"
#include "lb/io/posix/kernel_address.h"
#include "lb/io/posix/netlink_alt_names.h"
#include "lb/io/posix/netlink_socket.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {
namespace {

constexpr int kEventBufferSize = 1 << 20;
// From <linux/if.h>, which does not go together with <net/if.h>.
constexpr unsigned kFlagLowerUp = 1 << 16;
constexpr int kDumpAttempts = 5;
constexpr absl::Duration kDumpRetry = absl::Milliseconds(20);

using LinkMap = std::map<int, Link>;  // By index.

absl::Span<const uint8_t> BytesOf(nl_addr* address) {
  return {static_cast<const uint8_t*>(nl_addr_get_binary_addr(address)),
          nl_addr_get_len(address)};
}

Link LinkOf(rtnl_link* from) {
  const unsigned flags = rtnl_link_get_flags(from);
  Link link{.index = rtnl_link_get_ifindex(from),
            .up = (flags & IFF_UP) != 0,
            .carrier = (flags & kFlagLowerUp) != 0,
            .loopback = (flags & IFF_LOOPBACK) != 0,
            .broadcast = (flags & IFF_BROADCAST) != 0,
            .noarp = (flags & IFF_NOARP) != 0,
            .master = rtnl_link_get_master(from)};
  if (const char* name = rtnl_link_get_name(from)) link.name = name;
  if (nl_addr* address = rtnl_link_get_addr(from)) {
    const absl::Span<const uint8_t> bytes = BytesOf(address);
    if (bytes.size() == link.mac.bytes.size()) {
      std::copy(bytes.begin(), bytes.end(), link.mac.bytes.begin());
    }
  }
  return link;
}

void ReadLink(nl_object* object, void* link) {
  *static_cast<std::optional<Link>*>(link) =
      LinkOf(reinterpret_cast<rtnl_link*>(object));
}

int OnLink(nl_msg* message, void* links) {
  std::optional<Link> link;
  const int error = nl_msg_parse(message, &ReadLink, &link);
  if (error < 0 || !link) return NL_SKIP;
  link->alt_names = ReadAltNames(nlmsg_hdr(message));
  const int index = link->index;
  static_cast<LinkMap*>(links)->emplace(index, *std::move(link));
  return NL_OK;
}

void AddAddress(const KernelAddress& address, LinkMap& links) {
  const auto link = links.find(address.interface);
  if (link == links.end()) return;
  if (address.marked) {
    link->second.installed.push_back(address.prefix.address);
  } else if (!address.tentative) {
    link->second.addresses.push_back(address.prefix);
  }
}

absl::StatusOr<std::vector<Link>> ReadLinks(nl_sock* socket) {
  LinkMap links;
  const int error = Dump(socket, RTM_GETLINK, &OnLink, &links);
  if (error < 0) return NetlinkError("reading links", error);
  LB_ASSIGN_OR_RETURN(const std::vector<KernelAddress> addresses,
                      ReadAddresses(socket));
  for (const KernelAddress& address : addresses) AddAddress(address, links);
  std::vector<Link> sorted;
  for (auto& [index, link] : links) {
    std::sort(link.addresses.begin(), link.addresses.end());
    std::sort(link.installed.begin(), link.installed.end());
    sorted.push_back(std::move(link));
  }
  return sorted;
}

// Makes `links` have the installed address, or no more. False: no link has
// its interface.
bool TakeUpInstalled(const KernelAddress& address, bool is_there,
                     std::vector<Link>& links) {
  const auto link = std::find_if(
      links.begin(), links.end(),
      [&](const Link& each) { return each.index == address.interface; });
  if (link == links.end()) return false;
  std::vector<net::IpAddress>& installed = link->installed;
  const net::IpAddress& taken = address.prefix.address;
  const auto at = std::lower_bound(installed.begin(), installed.end(), taken);
  const bool is_known = at != installed.end() && *at == taken;
  if (is_there && !is_known) installed.insert(at, taken);
  if (!is_there && is_known) installed.erase(at);
  return true;
}

}  // namespace

// Lives on in the handler that waits for the socket.
struct NetlinkLinks::State : std::enable_shared_from_this<State> {
  State(PosixLoop* on_loop, NetlinkSocket request_socket,
        NetlinkSocket event_socket)
      : loop(on_loop),
        requests(std::move(request_socket)),
        events(std::move(event_socket)),
        descriptor(on_loop->context()) {}
  ~State() { Close(); }

  absl::Status Register();
  absl::Status Read();
  void Wait();
  void DrainEvents();
  void TakeUp(uint8_t* bytes, ssize_t size);
  void Refresh();
  void Tell();
  void Close();

  PosixLoop* const loop;
  const NetlinkSocket requests;
  const NetlinkSocket events;
  asio::posix::stream_descriptor descriptor;  // Of `events`: never closed.
  std::unique_ptr<Timer> retry_timer;
  std::vector<Link> links;
  bool is_stale = false;  // They are to be read again.
  // It may have come and gone since the links were read.
  bool address_gone = false;
  std::shared_ptr<absl::AnyInvocable<void()>> on_change;
};

absl::Status NetlinkLinks::State::Register() {
  asio::error_code error;
  descriptor.assign(nl_socket_get_fd(events.get()), error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("netlink events: {}", error.message()));
}

absl::Status NetlinkLinks::State::Read() {
  absl::StatusOr<std::vector<Link>> fresh;
  // A dump that links change under is begun again.
  for (int n = 0; n < kDumpAttempts; ++n) {
    fresh = ReadLinks(requests.get());
    if (fresh.ok()) break;
  }
  LB_RETURN_IF_ERROR(fresh.status());
  is_stale = false;
  const bool told = std::exchange(address_gone, false);
  if (links == *fresh && !told) return absl::OkStatus();
  links = *std::move(fresh);
  Tell();
  return absl::OkStatus();
}

void NetlinkLinks::State::Tell() {
  const auto called = on_change;  // Lives while it runs.
  if (called != nullptr) (*called)();
}

void NetlinkLinks::State::Wait() {
  descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const asio::error_code&) {
                          const PosixLoop::MeasuredTurn turn(self->loop,
                                                             "reads links");
                          if (!self->descriptor.is_open()) return;
                          self->DrainEvents();
                          self->Refresh();
                          if (self->descriptor.is_open()) self->Wait();
                        });
}

void NetlinkLinks::State::DrainEvents() {
  alignas(nlmsghdr) std::array<uint8_t, 8192> buffer;
  while (true) {
    const ssize_t size = recv(nl_socket_get_fd(events.get()), buffer.data(),
                              buffer.size(), MSG_DONTWAIT);
    if (size >= 0) {
      TakeUp(buffer.data(), size);
      continue;
    }
    if (errno != ENOBUFS && errno != EINTR) return;
    is_stale = address_gone = true;  // Some may be lost.
  }
}

// What they say of anything but installed addresses does not matter: all is
// read again.
void NetlinkLinks::State::TakeUp(uint8_t* bytes, ssize_t size) {
  auto* event = reinterpret_cast<nlmsghdr*>(bytes);
  int left = static_cast<int>(size);
  for (; nlmsg_ok(event, left) != 0; event = nlmsg_next(event, &left)) {
    const bool is_gone = event->nlmsg_type == RTM_DELADDR;
    address_gone |= is_gone;
    const auto address = ReadAddress(event);
    const bool is_taken = address && address->marked &&
                          TakeUpInstalled(*address, !is_gone, links);
    is_stale |= !is_taken;
  }
}

void NetlinkLinks::State::Refresh() {
  if (!is_stale) {
    if (std::exchange(address_gone, false)) Tell();
  } else if (!Read().ok() && retry_timer != nullptr) {
    retry_timer->Arm(loop->Now() + kDumpRetry);
  }
}

void NetlinkLinks::State::Close() {
  if (descriptor.is_open()) descriptor.release();
  retry_timer = nullptr;
  on_change = nullptr;
}

absl::StatusOr<std::unique_ptr<NetlinkLinks>> NetlinkLinks::Create(
    PosixLoop* loop) {
  LB_ASSIGN_OR_RETURN(NetlinkSocket requests, ConnectNetlink());
  LB_ASSIGN_OR_RETURN(NetlinkSocket events, ConnectNetlink());
  int error = nl_socket_add_memberships(
      events.get(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0);
  if (error >= 0) {
    error = nl_socket_set_buffer_size(events.get(), kEventBufferSize, 0);
  }
  if (error < 0) return NetlinkError("netlink events", error);
  auto state =
      std::make_shared<State>(loop, std::move(requests), std::move(events));
  state->retry_timer =
      loop->NewTimer([raw = state.get()] { raw->Refresh(); });  // Dies with it.
  LB_RETURN_IF_ERROR(state->Register());
  LB_RETURN_IF_ERROR(state->Read());
  state->Wait();
  return std::unique_ptr<NetlinkLinks>(new NetlinkLinks(std::move(state)));
}

NetlinkLinks::NetlinkLinks(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

NetlinkLinks::~NetlinkLinks() { state_->Close(); }

std::vector<Link> NetlinkLinks::Links() const { return state_->links; }

void NetlinkLinks::SetObserver(absl::AnyInvocable<void()> on_change) {
  state_->on_change =
      on_change
          ? std::make_shared<absl::AnyInvocable<void()>>(std::move(on_change))
          : nullptr;
}

}  // namespace lb::io
