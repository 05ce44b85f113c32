#include "lb/bgp/unnumbered/router_finder.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "lb/io/turn_cause.h"
#include "lb/net/ip_prefix.h"
#include "lb/net/router_discovery.h"

namespace lb::bgp {
namespace {

// Solicitations and advertisements of routers. One with extension headers is
// missed: RouterSearch would refuse it.
constexpr char kFilter[] = "icmp6 and (ip6[40] == 133 or ip6[40] == 134)";

const io::Link* FindLink(const std::vector<io::Link>& links,
                         const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const io::Link& link) {
        return link.name == name ||
               std::find(link.alt_names.begin(), link.alt_names.end(), name) !=
                   link.alt_names.end();
      });
  return found == links.end() ? nullptr : &*found;
}

std::optional<net::IpAddress> LinkLocalOf(const io::Link& link) {
  for (const net::IpPrefix& own : link.addresses) {
    if (own.address.is_ipv6() && own.address.is_link_local()) {
      return own.address;
    }
  }
  return std::nullopt;
}

// Why the link cannot be used; empty: it can.
std::string WhyUnfit(const io::Link* link, const std::string& name) {
  if (link == nullptr) return fmt::format("there is no interface {}", name);
  if (link->loopback || link->mac == net::MacAddress{} ||
      link->mac.is_multicast()) {
    return fmt::format("{} is no Ethernet interface", name);
  }
  if (!link->up) return fmt::format("{} is down", name);
  if (!link->carrier) return fmt::format("{} has no carrier", name);
  if (!LinkLocalOf(*link)) {
    return fmt::format("{} has no IPv6 link-local address", name);
  }
  return "";
}

std::string Names(const std::vector<net::IpAddress>& addresses) {
  return absl::StrJoin(addresses, ", ",
                       [](std::string* out, const net::IpAddress& address) {
                         out->append(address.ToString());
                       });
}

// What is known of a router outlasts a link that is down.
FoundRouter Describe(const std::string& interface,
                     const std::optional<RouterSearch>& search,
                     const std::string& unfit) {
  FoundRouter found = {.interface = interface};
  std::vector<net::IpAddress> routers;
  if (search) {
    found.own = search->own().address;
    found.router = search->router();
    routers = search->routers();
  }
  if (!unfit.empty()) {
    if (!found.router) found.why = unfit;
  } else if (routers.size() > 1) {
    found.why = fmt::format("{} routers advertise on {} ({})", routers.size(),
                            interface, Names(routers));
  } else if (!found.router) {
    found.why = fmt::format("no router advertisement heard on {}", interface);
  }
  return found;
}

}  // namespace

RouterFinder::RouterFinder(const RouterFinderPorts& ports)
    : ports_(ports),
      timer_(ports.loop->NewTimer([this] { OnTimer(); })),
      news_(ports.loop->NewTimer([this] {
        if (on_change_) on_change_();
      })) {
  ports_.prng = ports.prng.Fork("unnumbered");
}

void RouterFinder::Follow(const absl::btree_set<std::string>& interfaces) {
  std::erase_if(places_, [&](const auto& place) {
    return !interfaces.contains(place.first);
  });
  std::erase_if(found_, [&](const auto& found) {
    return !interfaces.contains(found.first);
  });
  for (const std::string& name : interfaces) {
    const auto [place, is_new] = places_.try_emplace(name);
    if (is_new) FollowLink(name, place->second);
  }
  Drain();
}

void RouterFinder::OnLinks() {
  for (auto& [name, place] : places_) FollowLink(name, place);
  Drain();
}

void RouterFinder::FollowLink(const std::string& name, Place& place) {
  const std::vector<io::Link> links = ports_.links->Links();
  const io::Link* const link = FindLink(links, name);
  place.unfit = WhyUnfit(link, name);
  place.interface = link == nullptr ? name : link->name;
  if (!place.unfit.empty()) {
    place.port = nullptr;
    return;
  }
  const LinkEnd own = {.address = *LinkLocalOf(*link), .mac = link->mac};
  const bool is_same = place.port != nullptr && place.index == link->index &&
                       place.search->own() == own;
  if (is_same) return;
  auto port = Open(link->name, name);
  if (!port.ok()) {
    place.unfit = std::string(port.status().message());
    place.port = nullptr;
    retry_at_ = std::min(retry_at_, ports_.loop->Now() + kRetry);
    return;
  }
  place.port = *std::move(port);
  place.index = link->index;
  if (place.search) {
    place.search->Restart(ports_.loop->Now(), own);
  } else {
    place.search.emplace(own, ports_.loop->Now(), ports_.prng.Fork(name));
  }
}

absl::StatusOr<std::unique_ptr<io::FramePort>> RouterFinder::Open(
    const std::string& interface, const std::string& name) {
  auto port = ports_.frames->Open(interface, kFilter);
  if (!port.ok()) return port;
  const absl::Status joined = (*port)->JoinGroup(net::AllRoutersGroup());
  if (!joined.ok()) return joined;
  (*port)->SetReceiver(
      [this, name](absl::Span<const uint8_t> frame) { OnFrame(name, frame); });
  return port;
}

void RouterFinder::OnFrame(const std::string& name,
                           absl::Span<const uint8_t> frame) {
  const io::TurnCause cause(ports_.loop, "takes a router's advertisement");
  places_.at(name).search->OnFrame(ports_.loop->Now(), frame);
  Drain();
}

void RouterFinder::OnTimer() {
  const io::TurnCause cause(ports_.loop, "advertises itself to routers");
  const absl::Time now = ports_.loop->Now();
  if (now >= retry_at_) {
    retry_at_ = absl::InfiniteFuture();
    for (auto& [name, place] : places_) FollowLink(name, place);
  }
  for (auto& [name, place] : places_) {
    if (place.port != nullptr) place.search->OnTimer(now);
  }
  Drain();
}

void RouterFinder::Drain() {
  absl::Time next = retry_at_;
  for (auto& [name, place] : places_) {
    if (place.port != nullptr) {
      for (const auto& frame : place.search->TakeFrames()) {
        // The next one follows in a few seconds.
        place.port->Send(frame).IgnoreError();
      }
      next = std::min(next, place.search->NextDeadline());
    }
    FoundRouter found = Describe(place.interface, place.search, place.unfit);
    FoundRouter& known = found_[name];
    if (found == known) continue;
    Report(name, known, found);
    known = std::move(found);
    news_->Arm(ports_.loop->Now());
  }
  timer_->Arm(next);
}

void RouterFinder::Report(const std::string& name, const FoundRouter& before,
                          const FoundRouter& now) {
  const auto record = [&](EventType type, std::string_view reason,
                          std::string message) {
    ports_.log->Record({.time = ports_.loop->CivilNow(),
                        .type = type,
                        .reason = std::string(reason),
                        .object = {"BgpInterface", name},
                        .message = std::move(message)});
  };
  if (now.router && now.router != before.router) {
    record(EventType::kNormal, "RouterFound",
           fmt::format("{} on {}", now.router->ToString(), now.interface));
  }
  if (before.router && !now.router) {
    record(EventType::kWarning, "RouterLost", now.why);
  } else if (now.router && !now.why.empty() && now.why != before.why) {
    record(EventType::kWarning, "SeveralRouters", now.why);
  }
}

}  // namespace lb::bgp
